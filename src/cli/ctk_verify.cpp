// ctk verify: a CTK file held against a delta, or against two images of the disk.
#include "disk/verify.h"

#include "cli/completeness.h"
#include "cli/disk_files.h"
#include "cli/exit_status.h"
#include "cli/file_kind.h"
#include "cli/told.h"
#include "disk/exact.h"
#include "formats/ctk/since.h"
#include "report/ctk_verify.h"

namespace cbtctl::cli {
namespace {

using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::Result;
using storage::Location;

// The epoch at which the delta was made: that of its parent's CTK file, frozen since, under the same UUID.
Result<std::uint32_t> frozen_epoch(const disk::Chain& chain, const disk::Tracking& tracking, const disk::Finder& finder,
                                   std::string& source) {
  if (chain.links().size() < 2)
    return Error{ErrorKind::unsupported,
                 chain.links().front().path + ": has no parent that could be read, so it cannot be said since when"};
  const disk::Link& parent = chain.links()[1];
  if (const auto why = disk::why_not_of_parent(chain.links().front(), parent))
    return Error{ErrorKind::unsupported, *why + ", so it cannot be said since when"};
  if (!parent.content.change_track_path)
    return Error{ErrorKind::unsupported, parent.path + ": names no CTK file, so it cannot be said since when"};
  auto file = finder(parent.path, *parent.content.change_track_path);
  if (!file) return file.error();
  if (file->real_path == tracking.real_path)
    return Error{ErrorKind::unsupported,
                 tracking.path + ": is the CTK file of the parent, frozen since; name that of the delta"};
  const auto frozen = disk::open_tracking(*file);
  if (!frozen) return frozen.error();
  if (!frozen->reading.uuid) return Error{ErrorKind::unsupported, file->path + ": has no UUID"};
  if (frozen->reading.uuid != tracking.reading.uuid)
    return Error{ErrorKind::unsupported,
                 file->path + " and " + tracking.path + " have different UUIDs: tracking was restarted in between"};
  // What the delta marked since is newer than every entry of the frozen table, so that the newest stands for an epoch
  // that is not known.
  source = (frozen->reading.epoch ? "the epoch of " : "the newest entry of ") + file->path;
  return frozen->reading.epoch ? *frozen->reading.epoch : *frozen->reading.epoch_at_least;
}

// Of all files that are compared: an image changes too while its machine runs.
model::Completeness completeness_of_all(const FileOpener& files, const Location& ctk, const disk::Tracking& tracking,
                                        const std::vector<Location>& compared) {
  model::Completeness all = completeness_of(files, ctk, tracking);
  for (const Location& file : compared) all = model::both(all, completeness_beside(files, file));
  return all;
}

int print(report::VerifySubject subject, const Result<disk::Verdict>& verdict, const CommandLine& line) {
  if (!verdict) return told(verdict.error());
  const int incomplete = told_incomplete(subject.completeness, subject.ctk, line);
  subject.proves_nothing = incomplete != exit_done && subject.completeness.may_run;
  int status = incomplete;
  if (!subject.proves_nothing && verdict->missed.count() > 0) status |= exit_findings;
  if (verdict->not_compared.count() > 0) status |= exit_incomplete;
  const bool written =
      write_output(line.json ? report::verdict_json(subject, *verdict, status, provenance_of(line.provenance))
                             : report::verdict_text(subject, *verdict, line.style));
  return written ? status : status | exit_incomplete;
}

int verify_delta(const FileOpener& files, const Location& delta, const Location& ctk, const CommandLine& line) {
  if (const auto role = role_of(files, delta, Takes::disk); !role) return told(role.error());
  const auto finder = finder_for(files, delta);
  const auto tracking = open_ctk(files, ctk);
  if (!tracking) return told(tracking.error());
  const auto chain = disk::Chain::open(delta.text, finder);
  if (!chain) return told(chain.error());
  report::VerifySubject subject{.by_images = false,
                                .ctk = ctk.text,
                                .against = {delta.text},
                                .since = 0,
                                .since_source = {},
                                .reading = tracking->reading,
                                .completeness = completeness_of_all(files, ctk, *tracking, {delta})};
  const auto since = frozen_epoch(*chain, *tracking, finder, subject.since_source);
  if (!since) return told(since.error());
  if (const auto known = formats::ctk::parse_since(tracking->reading, std::to_string(*since)); !known)
    return told(known.error().in(ctk.text));
  subject.since = *since;
  return print(subject, disk::verify_by_delta(*chain, *tracking, *since), line);
}

int verify_images(const FileOpener& opener, const CommandLine& line) {
  const std::vector<Location>& files = opener.arguments();
  const auto tracking = open_ctk(opener, files[2]);
  if (!tracking) return told(tracking.error());
  const std::string text = line.text("since");
  const auto since = formats::ctk::parse_since(tracking->reading, text);
  if (!since) return told(since.error().in(files[2].text));
  const bool allow_mismatch = line.has("allow-mismatch");
  const auto before = open_image(opener, files[0], allow_mismatch);
  if (!before) return told(before.error());
  const auto after = open_image(opener, files[1], allow_mismatch);
  if (!after) return told(after.error());
  return print({.by_images = true,
                .ctk = files[2].text,
                .against = {files[0].text, files[1].text},
                .since = *since,
                .since_source = text == std::to_string(*since) ? std::string() : text,
                .reading = tracking->reading,
                .completeness = completeness_of_all(opener, files[2], *tracking, {files[0], files[1]})},
               disk::verify_by_images(**before, **after, *tracking, *since), line);
}

}  // namespace

int run_ctk_verify(const Verb& verb, const std::vector<std::string>& arguments) {
  Options own("Options of ctk verify");
  add_provenance_option(own);
  own.text("delta", "DELTA.vmdk: what it holds must be marked in the CTK file");
  own.flag("images", "OLD NEW CTK: what differs must be marked since --since");
  own.text("since", "a change id, an epoch number, or '*' (with --images)");
  allow_mismatch(own);
  add_completeness_option(own);
  add_file_options(own);
  const Parsed parsed = parse(verb, arguments, own);
  if (!parsed.line) return parsed.exit_status;
  const CommandLine& line = *parsed.line;
  const std::string help = "cbtctl ctk verify --help";
  if (line.has("delta") == line.has("images"))
    return usage_error("ctk verify needs either --delta DELTA.vmdk CTK or --images OLD NEW CTK --since ID", help);
  const std::size_t wanted = line.has("delta") ? 1 : 3;
  if (line.arguments.size() != wanted)
    return usage_error(line.has("delta") ? "--delta needs one CTK file" : "--images needs OLD NEW CTK", help);
  if (line.has("images") && !line.has("since")) return usage_error("--images needs --since", help);
  if (line.has("since")) {
    if (const auto checked = formats::ctk::check_since(line.text("since")); !checked)
      return usage_error(checked.error().message, help);
  }
  const auto opener = FileOpener::with(line);
  if (!opener) return usage_error(opener.error().message, help);
  std::vector<Location> files = opener->arguments();
  if (line.has("delta")) {
    const std::string delta = line.text("delta");
    auto location = storage::parse_location(delta);
    if (!location) return told(location.error().in(delta));
    files.push_back(std::move(*location));
  }
  return line.has("delta") ? verify_delta(*opener, files[1], files[0], line) : verify_images(*opener, line);
}

}  // namespace cbtctl::cli
