#include "report/blocks.h"

#include <algorithm>

#include "formats/core/checked.h"
#include "report/reading_json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

using formats::core::sector_bytes;
using formats::ctk::ChangedExtent;

constexpr std::size_t epoch_width = 10;  // of the greatest u32

// What comes before the extents.
Json head_json(const BlocksSubject& subject) {
  Json head = envelope("cbtctl.ctk-blocks/1", std::nullopt, {});
  put_text(head, "path", subject.path);
  head["since"] = subject.since;
  head["layout"] = formats::ctk::name_of(subject.reading.layout);
  head["understood"] = subject.reading.is_understood();
  head["change_id"] = or_null(subject.reading.change_id());
  head["epoch_at_least"] = or_null(subject.reading.epoch_at_least);
  put_completeness(head, subject.completeness);
  head["capacity_bytes"] = *subject.reading.capacity_sectors * sector_bytes;
  head["block_size_bytes"] = *subject.reading.block_sectors * sector_bytes;
  return head;
}

}  // namespace

void BlocksPrinter::begin(const BlocksSubject& subject) {
  switch (format_) {
    case BlocksFormat::json:
      json_.begin_object();
      json_.members(head_json(subject));
      return json_.begin_rows("extents", {"offset_bytes", "length_bytes", "epoch"});
    case BlocksFormat::csv:
      out_ << "offset_bytes,length_bytes,epoch\n";
      return;
    case BlocksFormat::text:
      width_ = std::max<std::size_t>(std::to_string(*subject.reading.capacity_sectors * sector_bytes).size(), 6);
      out_ << escaped(subject.path) << ": changed since " << escaped(subject.since) << version_text(subject.reading)
           << completeness_text(subject.completeness) << "\n"
           << std::string(width_ - 6, ' ') << "OFFSET" << std::string(width_ - 4, ' ') << "LENGTH"
           << std::string(epoch_width - 3, ' ') << "EPOCH\n";
      return;
  }
}

void BlocksPrinter::add(std::span<const ChangedExtent> extents) {
  for (const ChangedExtent& extent : extents) append(extent);
}

void BlocksPrinter::append(const ChangedExtent& extent) {
  total_bytes_ += extent.length_bytes;
  ++count_;
  switch (format_) {
    case BlocksFormat::json:
      return json_.row(extent.offset_bytes, extent.length_bytes, extent.epoch);
    case BlocksFormat::csv:
      out_ << extent.offset_bytes << "," << extent.length_bytes << "," << extent.epoch << "\n";
      return;
    case BlocksFormat::text:
      out_.number(extent.offset_bytes, width_);
      out_ << "  ";
      out_.number(extent.length_bytes, width_);
      out_ << "  ";
      out_.number(extent.epoch, epoch_width);
      out_ << "\n";
      return;
  }
}

void BlocksPrinter::end(int exit_status, const ProvenanceOf& provenance) {
  if (format_ == BlocksFormat::json) {
    json_.end_rows();
    json_.member("total_bytes", total_bytes_);
    json_.member("exit_status", exit_status);
    if (provenance) json_.member("provenance", provenance_json(provenance()));
    json_.member("messages", messages_json());
    json_.end_object();
  }
  if (format_ == BlocksFormat::text)
    out_ << counted(count_, "extent", "extents") << ", " << total_bytes_ << " bytes (" << human_size(total_bytes_)
         << ")\n";
  out_.flush();
}

}  // namespace cbtctl::report
