#include "report/blocks.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "formats/core/checked.h"
#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using formats::core::sector_bytes;
using formats::ctk::ChangedExtent;

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::size_t epoch_width = 10;  // of the greatest u32

// The document's beginning, up to where the extents go.
std::string json_head(const BlocksSubject& subject) {
  Json head = envelope("cbtctl.ctk-blocks/1", 0, {});
  head.erase("exit_status");
  put_text(head, "path", subject.path);
  head["since"] = lossy_utf8(subject.since);
  head["change_id"] = or_null(subject.reading.change_id());
  head["capacity_bytes"] = *subject.reading.capacity_sectors * sector_bytes;
  head["block_size_bytes"] = *subject.reading.block_sectors * sector_bytes;
  std::string text = head.dump(2);
  text.erase(text.rfind('\n'));
  return text + ",\n  \"extents\": [";
}

}  // namespace

void BlocksPrinter::begin(const BlocksSubject& subject) {
  if (format_ == BlocksFormat::json) buffer_ = json_head(subject);
  if (format_ == BlocksFormat::csv) buffer_ = "offset_bytes,length_bytes,epoch\n";
  if (format_ == BlocksFormat::text) {
    width_ = std::max<std::size_t>(std::to_string(*subject.reading.capacity_sectors * sector_bytes).size(), 6);
    buffer_ = escaped(subject.path) + ": changed since " + escaped(subject.since) + "\n" +
              std::string(width_ - 6, ' ') + "OFFSET" + std::string(width_ - 4, ' ') + "LENGTH" +
              std::string(epoch_width - 3, ' ') + "EPOCH\n";
  }
}

void BlocksPrinter::add(std::span<const ChangedExtent> extents) {
  for (const ChangedExtent& extent : extents) {
    append(extent);
    if (buffer_.size() < piece_bytes) continue;
    sink_(buffer_);
    buffer_.clear();
  }
}

void BlocksPrinter::put(std::uint64_t number, std::size_t width) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (format_ == BlocksFormat::text && length < width) buffer_.append(width - length, ' ');
  buffer_.append(digits.data(), length);
}

void BlocksPrinter::append(const ChangedExtent& extent) {
  total_bytes_ += extent.length_bytes;
  const bool json = format_ == BlocksFormat::json;
  if (json) buffer_ += count_ == 0 ? "\n    {\"offset_bytes\": " : ",\n    {\"offset_bytes\": ";
  put(extent.offset_bytes, width_);
  buffer_ += json ? ", \"length_bytes\": " : format_ == BlocksFormat::csv ? "," : "  ";
  put(extent.length_bytes, width_);
  buffer_ += json ? ", \"epoch\": " : format_ == BlocksFormat::csv ? "," : "  ";
  put(extent.epoch, epoch_width);
  buffer_ += json ? "}" : "\n";
  ++count_;
}

void BlocksPrinter::end(int exit_status) {
  if (format_ == BlocksFormat::json) {
    buffer_ += (count_ == 0 ? "],\n  \"total_bytes\": " : "\n  ],\n  \"total_bytes\": ") +
               std::to_string(total_bytes_) + ",\n  \"exit_status\": " + std::to_string(exit_status) + "\n}\n";
  }
  if (format_ == BlocksFormat::text) {
    buffer_ += counted(count_, "extent", "extents") + ", " + std::to_string(total_bytes_) + " bytes (" +
               human_size(total_bytes_) + ")\n";
  }
  sink_(buffer_);
  buffer_.clear();
}

}  // namespace cbtctl::report
