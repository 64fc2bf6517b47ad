#include "report/ctk_verify.h"

#include "report/reading_json.h"
#include "report/text.h"

namespace cbtctl::report {
namespace {

std::string sized(std::uint64_t bytes) { return std::to_string(bytes) + " bytes (" + human_size(bytes) + ")"; }

std::string heading_of(const VerifySubject& subject) {
  std::string out =
      escaped(subject.ctk) + version_text(subject.reading) + " against " + escaped(subject.against.front());
  if (subject.by_images) out += " and " + escaped(subject.against.back());
  out += ", since epoch " + std::to_string(subject.since);
  return out + (subject.since_source.empty() ? "" : " (" + escaped(subject.since_source) + ")") + "\n";
}

std::string compared_lines(const VerifySubject& subject, const disk::Verdict& verdict) {
  std::string out = "compared " + sized(verdict.compared_bytes) +
                    (subject.by_images ? ", block by block" : ": what the delta holds") + "; marked " +
                    sized(verdict.marked_bytes) + "\n";
  if (subject.by_images)
    out += "differing " + sized(verdict.differing_bytes) + "; marked and equal, which is harmless, " +
           sized(verdict.over_reported_bytes) + "\n";
  return out;
}

std::string not_compared_lines(const disk::Verdict& verdict, const Style& style) {
  if (verdict.not_compared.count() == 0) return {};
  std::string out = tinted("not compared: " + sized(verdict.not_compared.bytes()) + " in " +
                               std::to_string(verdict.not_compared.count()) + " ranges",
                           Tint::warning, style);
  return out + (verdict.why_not_compared ? "; the first: " + escaped(verdict.why_not_compared->message) : "") + "\n";
}

// Something was not read, or is not covered by the table.
bool is_partial(const VerifySubject& subject, const disk::Verdict& verdict) {
  return verdict.not_compared.count() > 0 || (subject.completeness.complete == false && !subject.completeness.may_run);
}

std::string verdict_line(const VerifySubject& subject, const disk::Verdict& verdict, const Style& style) {
  const std::string size = sized(verdict.missed.bytes());
  if (subject.proves_nothing)
    return tinted("nothing is proved, whatever is missed:", Tint::warning, style) +
           completeness_text(subject.completeness) + "\n";
  if (verdict.missed.count() == 0 && is_partial(subject, verdict))
    return tinted("no write is missed in what was compared", Tint::warning, style) + "\n";
  if (verdict.missed.count() == 0) return tinted("no write is missed", Tint::good, style) + "\n";
  if (subject.by_images)
    return tinted("PROOF: differing and not marked: backups miss " + size, Tint::bad, style) + "\n";
  return tinted("SUSPECT: in the delta and not marked: " + size, Tint::bad, style) +
         "; a grain table does not say when it was written\n";
}

Table missed_table(const VerifySubject& subject, const disk::Verdict& verdict) {
  std::vector<Column> columns{{"OFFSET", true}, {"LENGTH", true}};
  if (subject.by_images) columns.insert(columns.end(), {{"SHA-256 BEFORE"}, {"SHA-256 AFTER"}});
  Table table(std::move(columns));
  for (std::size_t i = 0; i < verdict.missed.kept().size(); ++i) {
    const auto& range = verdict.missed.kept()[i];
    std::vector<Cell> row{{std::to_string(range.offset_bytes)}, {std::to_string(range.length_bytes)}};
    if (subject.by_images) row.insert(row.end(), {{verdict.digests[i].before}, {verdict.digests[i].after}});
    table.add(std::move(row));
  }
  return table;
}

std::string_view word_of(const VerifySubject& subject, const disk::Verdict& verdict) {
  if (subject.proves_nothing) return "incomplete";
  if (verdict.missed.count() > 0) return subject.by_images ? "proof" : "suspect";
  return is_partial(subject, verdict) ? "incomplete" : "no write is missed";
}

Json missed_json(const disk::Verdict& verdict) {
  Json list = Json::array();
  for (std::size_t i = 0; i < verdict.missed.kept().size(); ++i) {
    const auto& range = verdict.missed.kept()[i];
    const auto digests = i < verdict.digests.size() ? verdict.digests[i] : disk::Verdict::Digests{};
    list.push_back({{"offset_bytes", range.offset_bytes},
                    {"length_bytes", range.length_bytes},
                    {"sha256_before", text_or_null(digests.before)},
                    {"sha256_after", text_or_null(digests.after)}});
  }
  return list;
}

Json not_compared_json(const disk::Verdict& verdict) {
  Json list = Json::array();
  for (const auto& range : verdict.not_compared.kept())
    list.push_back({{"offset_bytes", range.offset_bytes}, {"length_bytes", range.length_bytes}});
  return list;
}

}  // namespace

std::string verdict_text(const VerifySubject& subject, const disk::Verdict& verdict, const Style& style) {
  std::string out = heading_of(subject) + compared_lines(subject, verdict) + not_compared_lines(verdict, style) +
                    verdict_line(subject, verdict, style);
  if (verdict.missed.count() == 0) return out;
  out += missed_table(subject, verdict).print(style);
  const std::uint64_t untold = verdict.missed.count() - verdict.missed.kept().size();
  return out + (untold > 0 ? "and " + std::to_string(untold) + " more ranges\n" : "");
}

std::string verdict_json(const VerifySubject& subject, const disk::Verdict& verdict, int exit_status,
                         const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.ctk-verify/1", exit_status, {});
  put_text(document, "ctk", subject.ctk);
  document["method"] = subject.by_images ? "images" : "delta";
  document["against"] = subject.against;
  document["since"] = subject.since;
  document["since_source"] = subject.since_source;
  document["layout"] = formats::ctk::name_of(subject.reading.layout);
  document["understood"] = subject.reading.is_understood();
  put_completeness(document, subject.completeness);
  document["verdict"] = std::string(word_of(subject, verdict));
  document["compared_bytes"] = verdict.compared_bytes;
  document["marked_bytes"] = verdict.marked_bytes;
  document["differing_bytes"] = subject.by_images ? Json(verdict.differing_bytes) : Json(nullptr);
  document["over_reported_bytes"] = subject.by_images ? Json(verdict.over_reported_bytes) : Json(nullptr);
  document["missed_bytes"] = verdict.missed.bytes();
  document["missed_ranges"] = verdict.missed.count();
  document["missed"] = missed_json(verdict);
  document["not_compared_bytes"] = verdict.not_compared.bytes();
  document["not_compared"] = not_compared_json(verdict);
  document["why_not_compared"] = message_or_null(verdict.why_not_compared);
  return printed_document(std::move(document), provenance);
}

}  // namespace cbtctl::report
