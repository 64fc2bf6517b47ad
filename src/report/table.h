// A table for people: fits a terminal, wraps nothing in a pipe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace cbtctl::report {

enum class Tint { none, good, warning, bad, faint };

struct Style {
  std::optional<std::size_t> width;  // columns to fit in; nothing: a pipe, lines as long as they are
  bool color = false;
};

struct Cell {
  std::string text;  // escaped already
  Tint tint = Tint::none;
};

struct Column {
  std::string title;
  bool right = false;  // numbers
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool is_empty() const { return rows_.empty(); }
  [[nodiscard]] std::string print(const Style& style) const;

 private:
  struct Layout {
    std::vector<std::size_t> widths;
    std::size_t before_last = 0;  // where the last column begins
    bool last_below = false;      // on lines of its own
  };
  [[nodiscard]] Layout lay_out(const Style& style) const;
  void print_row(const std::vector<Cell>& cells, const Layout& layout, const Style& style, std::string& out) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

[[nodiscard]] std::string tinted(const std::string& text, Tint tint, const Style& style);

}  // namespace cbtctl::report
