// What further readings make of the findings of a first one.
#include "tests/support/catch.h"

#include "cli/recheck.h"
#include "tests/support/findings.h"

using namespace support;
using cbtctl::analysis::Findings;
using cbtctl::cli::CommandLine;
using cbtctl::cli::FindingFilter;
using cbtctl::cli::Scanned;
using storage::ErrorKind;

namespace {

// A place that is another at each reading; the last stays.
class Moving final : public storage::Reader {
 public:
  explicit Moving(std::vector<MemoryPlace> readings) {
    for (MemoryPlace& reading : readings) readings_.push_back(open_memory(std::move(reading)));
  }
  void next_reading() { at_ = std::min(at_ + 1, readings_.size() - 1); }
  void submit(std::vector<storage::Submission> submissions) override {
    const bool lists = std::any_of(submissions.begin(), submissions.end(), [](const auto& each) {
      return std::holds_alternative<storage::ListRequest>(each.request);
    });
    if (lists && is_rereading_) next_reading();
    readings_[at_]->submit(std::move(submissions));
  }
  std::vector<storage::Reply> collect() override { return readings_[at_]->collect(); }
  storage::Result<std::unique_ptr<storage::ByteSource>> open(const std::string& path) override {
    return readings_[at_]->open(path);
  }
  void begin_rereading() { is_rereading_ = true; }

 private:
  std::vector<std::unique_ptr<storage::Reader>> readings_;
  std::size_t at_ = 0;
  bool is_rereading_ = false;
};

struct Rechecked {
  Scanned scanned;
  Findings findings;
  [[nodiscard]] bool has(std::string_view code) const {
    return std::any_of(findings.found.begin(), findings.found.end(),
                       [&](const auto& each) { return cbtctl::analysis::row_of(each.code).name == code; });
  }
  [[nodiscard]] std::size_t changing() const {
    return static_cast<std::size_t>(
        std::count_if(findings.skipped.begin(), findings.skipped.end(), [](const auto& each) {
          return each.reason == cbtctl::analysis::SkipReason::changing &&
                 each.why.find("did not stand") != std::string::npos;
        }));
  }
  [[nodiscard]] int status() const { return cbtctl::cli::completeness(scanned.datastore); }
};

// A first reading and those that follow.
Rechecked recheck(std::vector<MemoryPlace> readings, const CommandLine& line = {}) {
  auto reader = std::make_shared<Moving>(std::move(readings));
  cbtctl::discovery::Place place;
  place.target.location = "/mnt/ds";
  place.roots = {"/mnt/ds"};
  place.reader = reader;
  Rechecked result{.scanned = {.datastore = cbtctl::discovery::discover({place}, {}), .places = {place}},
                   .findings = {}};
  result.findings = cbtctl::cli::look(result.scanned, false);
  reader->begin_rereading();
  cbtctl::cli::recheck(result.scanned, false, FindingFilter(line), result.findings);
  return result;
}

MemoryPlace holding(Files files) { return {std::move(files), {}, {}}; }
MemoryPlace faulty(Files files, const std::string& path, ErrorKind fault) {
  return {std::move(files), {}, {{path, fault}}};
}

Files running(Files files) { return with(std::move(files), {{"x/x.vmx.lck", ""}, {"x/x-1.vswp", ""}}); }
const Files well = running(healthy());
const Files broken = running(without(healthy(), "x/x-ctk.vmdk"));

}  // namespace

TEST_CASE("what a first reading missed, since a file was caught halfway, is found by those that follow") {
  const auto caught = recheck({faulty(broken, "x/x.vmdk", ErrorKind::changed), holding(broken)});
  CHECK(caught.has("ctk-missing"));
  CHECK(caught.status() == 0);
  const auto configuration = recheck({faulty(broken, "x/x.vmx", ErrorKind::changed), holding(broken)});
  CHECK(configuration.has("ctk-missing"));
  CHECK(configuration.findings.found.front().machine == 0U);
}

TEST_CASE("what a first reading missed and no further one tells again is changing") {
  const auto passing = recheck({faulty(well, "x/x.vmdk", ErrorKind::changed), holding(broken), holding(well)});
  CHECK(passing.findings.found.empty());
  CHECK(passing.changing() == 1);
}

TEST_CASE("what only a later reading shows is found where those after it show it too") {
  const auto later =
      recheck({faulty(broken, "x/x.vmdk", ErrorKind::changed), faulty(broken, "x/x.vmdk", ErrorKind::changed),
               faulty(broken, "x/x.vmdk", ErrorKind::changed), holding(broken)});
  CHECK(later.has("ctk-missing"));
}

TEST_CASE("what was not asked for is not found by a further reading either") {
  CommandLine line;
  line.set("except", std::vector<std::string>{"ctk-missing"});
  const auto caught = recheck({faulty(broken, "x/x.vmdk", ErrorKind::changed), holding(broken)}, line);
  CHECK(caught.findings.found.empty());
  CHECK(caught.changing() == 0);
}

TEST_CASE("a finding that goes is changing, and one that stays stands") {
  const auto gone = recheck({holding(broken), holding(well)});
  CHECK(gone.findings.found.empty());
  CHECK(gone.changing() == 1);
  CHECK(gone.status() == 0);
  const auto stays = recheck({holding(broken), holding(broken)});
  CHECK(stays.has("ctk-missing"));
  CHECK(stays.changing() == 0);
}

TEST_CASE("a file whose folder cannot be listed again is unread, and not gone") {
  const auto unlisted =
      recheck({faulty(well, "x/x.vmdk", ErrorKind::changed), faulty(well, "x", ErrorKind::unavailable)});
  CHECK(unlisted.status() == 8);
  const auto gone = recheck({faulty(well, "x/x.vmdk", ErrorKind::changed), holding({{"y/y.iso", ""}})});
  CHECK(gone.status() == 0);
}

TEST_CASE("a folder or file that cannot be read again is told") {
  const auto folder = recheck({holding(broken), faulty(broken, "x", ErrorKind::denied)});
  CHECK(folder.status() == 8);
  CHECK(std::any_of(folder.findings.skipped.begin(), folder.findings.skipped.end(), [](const auto& each) {
    return each.path == "x" && each.reason == cbtctl::analysis::SkipReason::unreadable;
  }));
  CHECK(recheck({holding(broken), faulty(broken, "x/x.vmx", ErrorKind::unavailable)}).status() == 8);
}

TEST_CASE("a part of a datastore tells nothing that all of it does not tell") {
  Files files = broken;
  // A copy of the machine makes the tail of a path ambiguous; a machine that is off has its disks elsewhere.
  files = with(files, {{"copy/x/x.vmdk", small_descriptor("x-flat.vmdk")},
                       {"copy/x/x-flat.vmdk", small_flat()},
                       {"x/off.vmx", vmx("/vmfs/volumes/ds/x/x.vmdk")},
                       {"x/far.vmx", vmx("../z/z.vmdk")},
                       {"z/z.vmdk", small_delta("z-delta.vmdk", "../base/b.vmdk")},
                       {"z/z-delta.vmdk", small_cowd()},
                       {"base/b.vmdk", small_descriptor("b-flat.vmdk")},
                       {"base/b-flat.vmdk", small_flat()}});
  const auto all = check(files);
  const auto again = recheck({holding(files), holding(files)});
  CHECK(again.changing() == 0);
  CHECK(again.findings.found.size() == all.findings.found.size());
}
