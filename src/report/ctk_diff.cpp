#include "report/ctk_diff.h"

#include "report/reading_json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::optional<std::string> time_of(const disk::Tracking& tracking) {
  return tracking.modified_ns ? std::optional(rfc3339(*tracking.modified_ns / second_ns)) : std::nullopt;
}

// By the files' own times; a copy that did not keep them has none to tell.
std::optional<std::uint64_t> bytes_per_day(const disk::Tracking& before, const disk::Tracking& after,
                                           const disk::TrackingDifference& difference) {
  if (!before.modified_ns || !after.modified_ns || !difference.is_counted || difference.restarted ||
      difference.went_backwards)
    return std::nullopt;
  const std::int64_t seconds = (*after.modified_ns - *before.modified_ns) / second_ns;
  constexpr double day_seconds = 24.0 * 60 * 60;
  if (seconds <= 0) return std::nullopt;
  const double rate = static_cast<double>(difference.changed_bytes) * day_seconds / static_cast<double>(seconds);
  return static_cast<std::uint64_t>(rate);
}

Json tracking_json(const disk::Tracking& tracking, const model::Completeness& completeness) {
  Json object;
  put_text(object, "path", tracking.path);
  object["capacity_bytes"] = tracking.shape.capacity_bytes;
  object["block_size_bytes"] = tracking.shape.block_bytes;
  object["modified"] = or_null(time_of(tracking));
  object["uuid"] = or_null(tracking.reading.uuid_text());
  object["epoch"] = or_null(tracking.reading.epoch);
  object["epoch_at_least"] = or_null(tracking.reading.epoch_at_least);
  object["change_id"] = or_null(tracking.change_id());
  object["layout"] = formats::ctk::name_of(tracking.reading.layout);
  object["understood"] = tracking.reading.is_understood();
  put_completeness(object, completeness);
  return object;
}

std::string tracking_line(const disk::Tracking& tracking, const model::Completeness& completeness) {
  return escaped(tracking.path) + ": " + tracking.change_id().value_or("no change id") +
         version_text(tracking.reading) + completeness_text(completeness) + "\n";
}

std::string shape_of(const disk::Tracking& tracking) {
  return human_size(tracking.shape.capacity_bytes) + " in blocks of " + human_size(tracking.shape.block_bytes);
}

// Null where nothing was counted.
Json count_json(const disk::TrackingDifference& difference, std::uint64_t count) {
  return difference.is_counted ? Json(count) : Json(nullptr);
}

}  // namespace

std::string difference_text(const Compared& compared, const Style& style) {
  const auto& [before, after, difference, old_completeness, new_completeness] = compared;
  std::string out = tracking_line(before, old_completeness) + tracking_line(after, new_completeness);
  if (difference.restarted)
    out += tinted("tracking restarted: another UUID; the next incremental backup is a full one", Tint::warning, style) +
           "\n";
  if (difference.went_backwards)
    out += tinted("tracking went backwards: the disk was reverted or restored", Tint::bad, style) + "\n";
  if (!difference.is_counted)
    return out + "of other sizes: " + shape_of(before) + " and " + shape_of(after) + "; the entries are not compared\n";
  out += std::to_string(difference.changed_blocks) + " entries differ, " + std::to_string(difference.changed_bytes) +
         " bytes (" + human_size(difference.changed_bytes) + ")";
  if (difference.older_blocks > 0) out += ", " + std::to_string(difference.older_blocks) + " of them older than before";
  out += "\n";
  if (const auto rate = bytes_per_day(before, after, difference)) {
    out += "from " + *time_of(before) + " to " + *time_of(after) + " by the files' times: " + human_size(*rate) +
           " per day\n";
  }
  if (difference.epochs.empty()) return out;
  Table table({{"EPOCH NOW", true}, {"BLOCKS", true}, {"BYTES", true}, {"SIZE", true}});
  for (const disk::EpochChange& epoch : difference.epochs) {
    table.add({{std::to_string(epoch.epoch)},
               {std::to_string(epoch.blocks)},
               {std::to_string(epoch.bytes)},
               {human_size(epoch.bytes)}});
  }
  return out + table.print(style);
}

std::string difference_json(const Compared& compared, int exit_status, const ProvenanceOf& provenance) {
  const auto& [before, after, difference, old_completeness, new_completeness] = compared;
  Json document = envelope("cbtctl.ctk-diff/1", exit_status, {});
  document["old"] = tracking_json(before, old_completeness);
  document["new"] = tracking_json(after, new_completeness);
  put_completeness(document, model::both(old_completeness, new_completeness));
  document["restarted"] = difference.restarted;
  document["went_backwards"] = difference.went_backwards;
  document["resized"] = difference.resized;
  document["changed_blocks"] = count_json(difference, difference.changed_blocks);
  document["changed_bytes"] = count_json(difference, difference.changed_bytes);
  document["older_blocks"] = count_json(difference, difference.older_blocks);
  document["bytes_per_day"] = or_null(bytes_per_day(before, after, difference));
  document["epochs"] = epochs_json(difference.epochs);
  return printed_document(std::move(document), provenance);
}

}  // namespace cbtctl::report
