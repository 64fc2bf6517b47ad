// Files that the user names, and what they name in turn: on this machine, or on a host (ssh://...), with one connection
// per host.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "discovery/place.h"
#include "formats/core/byte_source.h"
#include "storage/location.h"

namespace cbtctl::cli {

class FileOpener {
 public:
  // `usage` where --map or an option of SSH connections makes no sense, or a file's name begins as that of a host's and
  // is none.
  static formats::core::Result<FileOpener> with(const CommandLine& line, const std::vector<std::string>& names);
  static formats::core::Result<FileOpener> with(const CommandLine& line) { return with(line, line.arguments); }

  // The files that the command line names, in its order.
  [[nodiscard]] const std::vector<storage::Location>& arguments() const { return arguments_; }

  // Of --map, without readers.
  [[nodiscard]] const std::vector<discovery::Mapping>& mappings() const { return mappings_; }

  // Links are followed, as the user named it. Errors do not name the file.
  [[nodiscard]] formats::core::Result<std::unique_ptr<formats::core::ByteSource>> open(
      const storage::Location& file) const;

  // Whole; the error names the file.
  [[nodiscard]] formats::core::Result<std::string> read_text(const storage::Location& file) const;

  // The name without links, to tell what lies below what; on a host it begins with the host.
  [[nodiscard]] formats::core::Result<std::string> real_name(const storage::Location& file) const;

  // When it was last written, in ns since 1970; nothing where that cannot be told.
  [[nodiscard]] std::optional<std::int64_t> modified_ns(const storage::Location& file) const;

  // Links are followed.
  [[nodiscard]] bool is_folder(const storage::Location& file) const;

  // What lies in the file's folder (links are followed), sorted. A folder is listed once, whoever asks.
  [[nodiscard]] formats::core::Result<std::vector<std::string>> names_beside(const storage::Location& file) const;

 private:
  struct Hosts;
  [[nodiscard]] formats::core::Result<std::unique_ptr<formats::core::ByteSource>> open_file(
      const storage::Location& file) const;
  [[nodiscard]] formats::core::Result<storage::Location> real(const storage::Location& file) const;
  [[nodiscard]] formats::core::Result<std::vector<std::string>> list(const storage::Location& folder) const;

  std::vector<storage::Location> arguments_;
  std::shared_ptr<Hosts> hosts_;
  std::vector<discovery::Mapping> mappings_;
  std::shared_ptr<storage::ReadRecord> record_;  // with --provenance: of what is opened
};

}  // namespace cbtctl::cli
