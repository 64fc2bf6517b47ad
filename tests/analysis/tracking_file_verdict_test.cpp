// What may be moved aside, and what is left: each fact alone decides.
#include "tests/support/catch.h"

#include "analysis/tracking_file_verdict.h"

using namespace cbtctl::analysis;
using formats::FileKind;

namespace {

TrackingFileFacts named(std::string path, FileKind kind = FileKind::ctk) {
  return {.path = std::move(path),
          .role = TrackingRole::named,
          .type = EntryKind::file,
          .size_bytes = 1024,
          .kind = kind,
          .is_of_other_kind = false,
          .is_extent = false,
          .other_user = {}};
}

TrackingFileFacts orphan(std::string path, FileKind kind = FileKind::ctk) {
  auto facts = named(std::move(path), kind);
  facts.role = TrackingRole::orphan;
  return facts;
}

}  // namespace

TEST_CASE("a named file with the signature may be moved, whatever it is called but like disk data") {
  for (const char* path : {"x/x-ctk.vmdk", "x/other.vmdk.new", "x/X-CTK.VMDK"})
    CHECK_FALSE(tracking_file_verdict(named(path)));
  for (const char* path : {"x/x-flat.vmdk", "x/x-delta.vmdk", "x/x-sesparse.vmdk", "x/x-rdm.vmdk", "x/x-rdmp.vmdk",
                           "x/x-digest.vmdk", "x/x-f001.vmdk", "x/x-s012.vmdk", "x/x.vmdk.REDO_a1b2c3", "X-FLAT.VMDK"})
    CHECK(tracking_file_verdict(named(path)) == Unmovable::called_like_data);
}

TEST_CASE("a named file without the signature may be moved if it is called like a CTK file and is nothing else") {
  for (const FileKind kind : {FileKind::empty, FileKind::data}) {
    CHECK_FALSE(tracking_file_verdict(named("x-ctk.vmdk", kind)));
    CHECK(tracking_file_verdict(named("vmware.log", kind)) == Unmovable::other_content);
  }
  for (const FileKind kind : {FileKind::vmx, FileKind::vmsd, FileKind::descriptor, FileKind::cowd, FileKind::sesparse,
                              FileKind::hosted_sparse})
    CHECK(tracking_file_verdict(named("x-ctk.vmdk", kind)) == Unmovable::other_content);
}

TEST_CASE("an orphan is moved if its name and its content agree, or if it is empty") {
  CHECK_FALSE(tracking_file_verdict(orphan("x-ctk.vmdk")));
  CHECK_FALSE(tracking_file_verdict(orphan("x-ctk.vmdk", FileKind::empty)));
  CHECK(tracking_file_verdict(orphan("x-ctk.vmdk", FileKind::data)) == Unmovable::without_signature);
  CHECK(tracking_file_verdict(orphan("x.vmdk.old")) == Unmovable::not_called_tracking);
  CHECK(tracking_file_verdict(orphan("c-flat.vmdk")) == Unmovable::called_like_data);
}

TEST_CASE("what is no regular file, an extent, too large or used by others is left") {
  const std::vector<std::pair<Unmovable, void (*)(TrackingFileFacts&)>> cases{
      {Unmovable::link, [](auto& facts) { facts.type = EntryKind::link; }},
      {Unmovable::folder, [](auto& facts) { facts.type = EntryKind::folder; }},
      {Unmovable::device, [](auto& facts) { facts.type = EntryKind::device; }},
      {Unmovable::extent, [](auto& facts) { facts.is_extent = true; }},
      {Unmovable::other_content, [](auto& facts) { facts.is_of_other_kind = true; }},
      {Unmovable::too_large, [](auto& facts) { facts.size_bytes = max_tracking_file_bytes + 1; }},
      {Unmovable::used_by_others, [](auto& facts) { facts.other_user = "y/y.vmdk"; }},
  };
  for (const auto& [why, change] : cases) {
    for (auto facts : {named("x-ctk.vmdk"), orphan("x-ctk.vmdk")}) {
      change(facts);
      CHECK(tracking_file_verdict(facts) == why);
    }
  }
  auto largest = named("x-ctk.vmdk");
  largest.size_bytes = max_tracking_file_bytes;
  CHECK_FALSE(tracking_file_verdict(largest));
}
