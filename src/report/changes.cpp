#include "report/changes.h"

#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

Json tracking_json(const disk::Tracking& tracking) {
  Json object;
  put_text(object, "path", tracking.path);
  object["uuid"] = or_null(tracking.reading.uuid_text());
  object["epoch"] = or_null(tracking.reading.epoch);
  object["change_id"] = or_null(tracking.change_id());
  return object;
}

std::string sized(std::uint64_t bytes) { return std::to_string(bytes) + " bytes (" + human_size(bytes) + ")"; }

}  // namespace

std::string difference_text(const disk::Tracking& before, const disk::Tracking& after,
                            const disk::TrackingDifference& difference, const Style& style) {
  std::string out = escaped(before.path) + ": " + before.change_id().value_or("no change id") + "\n" +
                    escaped(after.path) + ": " + after.change_id().value_or("no change id") + "\n";
  if (difference.restarted)
    out += tinted("tracking restarted: another UUID; the next incremental backup is a full one", Tint::warning, style) +
           "\n";
  if (difference.went_backwards)
    out += tinted("tracking went backwards: the disk was reverted or restored", Tint::bad, style) + "\n";
  out += std::to_string(difference.changed_blocks) + " entries differ, " + sized(difference.changed_bytes) + "\n";
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

std::string difference_json(const disk::Tracking& before, const disk::Tracking& after,
                            const disk::TrackingDifference& difference, int exit_status) {
  Json document = envelope("cbtctl.ctk-diff/1", exit_status, {});
  document["old"] = tracking_json(before);
  document["new"] = tracking_json(after);
  document["restarted"] = difference.restarted;
  document["went_backwards"] = difference.went_backwards;
  document["changed_blocks"] = difference.changed_blocks;
  document["changed_bytes"] = difference.changed_bytes;
  document["older_blocks"] = difference.older_blocks;
  document["epochs"] = Json::array();
  for (const disk::EpochChange& epoch : difference.epochs) {
    document["epochs"].push_back({{"epoch", epoch.epoch}, {"blocks", epoch.blocks}, {"bytes", epoch.bytes}});
  }
  return printed(document);
}

std::string verdict_text(const VerifySubject& subject, const disk::Verdict& verdict, const Style& style) {
  std::string out = escaped(subject.ctk) + " against " + escaped(subject.against.front()) +
                    (subject.by_images ? " and " + escaped(subject.against.back()) : "") + ", since epoch " +
                    std::to_string(subject.since) +
                    (subject.since_source.empty() ? "" : " (" + escaped(subject.since_source) + ")") + "\n";
  out += "compared " + sized(verdict.compared_bytes) +
         (subject.by_images ? " block by block" : ": what the delta holds") + "; marked " +
         sized(verdict.marked_bytes) + "\n";
  if (subject.by_images)
    out += "differing " + sized(verdict.differing_bytes) + "; marked and equal, which is harmless, " +
           sized(verdict.over_reported_bytes) + "\n";
  if (verdict.missed.empty()) return out + tinted("no write is missed", Tint::good, style) + "\n";
  out += tinted(subject.by_images ? "PROOF: differing and not marked: backups miss " + sized(verdict.missed_bytes)
                                  : "SUSPECT: in the delta and not marked, " + sized(verdict.missed_bytes) +
                                        "; a grain table does not say when it was written",
                Tint::bad, style) +
         "\n";
  Table table(subject.by_images
                  ? std::vector<Column>{{"OFFSET", true}, {"LENGTH", true}, {"SHA-256 BEFORE"}, {"SHA-256 AFTER"}}
                  : std::vector<Column>{{"OFFSET", true}, {"LENGTH", true}});
  for (const disk::Missed& missed : verdict.missed) {
    std::vector<Cell> row{{std::to_string(missed.offset_bytes)}, {std::to_string(missed.length_bytes)}};
    if (subject.by_images) row.insert(row.end(), {{missed.sha256_before}, {missed.sha256_after}});
    table.add(std::move(row));
  }
  return out + table.print(style);
}

std::string verdict_json(const VerifySubject& subject, const disk::Verdict& verdict, int exit_status) {
  Json document = envelope("cbtctl.ctk-verify/1", exit_status, {});
  put_text(document, "ctk", subject.ctk);
  document["method"] = subject.by_images ? "images" : "delta";
  document["against"] = texts(subject.against);
  document["since"] = subject.since;
  document["since_source"] = lossy_utf8(subject.since_source);
  document["verdict"] = verdict.missed.empty() ? "no write is missed" : subject.by_images ? "proof" : "suspect";
  document["compared_bytes"] = verdict.compared_bytes;
  document["marked_bytes"] = verdict.marked_bytes;
  document["differing_bytes"] = subject.by_images ? Json(verdict.differing_bytes) : Json(nullptr);
  document["over_reported_bytes"] = subject.by_images ? Json(verdict.over_reported_bytes) : Json(nullptr);
  document["missed_bytes"] = verdict.missed_bytes;
  document["missed"] = Json::array();
  for (const disk::Missed& missed : verdict.missed) {
    const auto digest = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    document["missed"].push_back({{"offset_bytes", missed.offset_bytes},
                                  {"length_bytes", missed.length_bytes},
                                  {"sha256_before", digest(missed.sha256_before)},
                                  {"sha256_after", digest(missed.sha256_after)}});
  }
  return printed(document);
}

std::string export_report(const ExportSubject& subject, const disk::Exported& exported, bool json) {
  if (!json) {
    return escaped(subject.output) + ": " + sized(exported.size_bytes) + ", of data " + sized(exported.data_bytes) +
           "\nSHA-256 of the data extents " + exported.data_sha256 + "\n" +
           (exported.image_sha256 ? "SHA-256 of the image " + *exported.image_sha256 + "\n" : "");
  }
  Json document = envelope("cbtctl.export/1", 0, {});
  put_text(document, "path", subject.path);
  put_text(document, "output", subject.output);
  document["link"] = subject.link;
  document["size_bytes"] = exported.size_bytes;
  document["data_bytes"] = exported.data_bytes;
  document["data_sha256"] = exported.data_sha256;
  document["image_sha256"] = or_null(exported.image_sha256);
  return printed(document);
}

}  // namespace cbtctl::report
