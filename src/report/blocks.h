// The changed extents of a CTK file, printed as they are found: there may be tens of millions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "formats/ctk/table.h"
#include "formats/ctk/tracking_file.h"
#include "model/completeness.h"
#include "report/json_stream.h"
#include "report/printer.h"
#include "report/provenance.h"

namespace cbtctl::report {

enum class BlocksFormat { text, json, csv };

struct BlocksSubject {
  std::string path;
  std::string since;  // as asked for
  formats::ctk::Reading reading;
  model::Completeness completeness;
};

class BlocksPrinter {
 public:
  BlocksPrinter(BlocksFormat format, TextSink sink) : format_(format), out_(std::move(sink)), json_(out_) {}
  BlocksPrinter(const BlocksPrinter&) = delete;
  BlocksPrinter& operator=(const BlocksPrinter&) = delete;

  void begin(const BlocksSubject& subject);
  void add(std::span<const formats::ctk::ChangedExtent> extents);
  void end(int exit_status, const ProvenanceOf& provenance = {});
  [[nodiscard]] std::uint64_t total_bytes() const { return total_bytes_; }

 private:
  void append(const formats::ctk::ChangedExtent& extent);

  BlocksFormat format_;
  Printer out_;
  JsonStream json_;
  std::size_t width_ = 0;  // of offsets and lengths in a table
  std::uint64_t total_bytes_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace cbtctl::report
