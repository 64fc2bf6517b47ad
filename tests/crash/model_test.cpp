// Random lives of one machine with two disks: verbs that succeed, fail or are killed, undo and recovery, a guest that
// writes, an administrator who edits keys, each at any moment. An oracle knows which tables missed writes: none of them
// may ever be tracked by what cbtctl did. The same seed each time; CBTCTL_MODEL_LIVES=N tries N of them, for the night.
#include <cstdlib>
#include <memory>
#include <random>
#include <set>

#include "tests/support/catch.h"

#include "tests/support/faulty_writer.h"
#include "tests/support/workshop.h"

using namespace support;

namespace {

const std::vector<std::string> names{"x/x", "x/x_1"};
const std::vector<std::string> slots{"scsi0:0", "scsi0:1"};

std::string table_of(unsigned serial) {
  std::string table = small_tracking();
  constexpr std::size_t uuid_end = 60;
  for (std::size_t i = 0; i < sizeof serial; ++i) table[uuid_end - 1 - i] = static_cast<char>(serial >> (8 * i));
  return table;
}

Files first_files(unsigned kind) {
  Files files = two_disks();
  for (unsigned disk = 0; disk < 2; ++disk) files[names[disk] + "-ctk.vmdk"] = table_of(disk + 1);
  const std::string key = kind == 1 ? "\nctkEnabled = \"TRUE\"" : "scsi0:1.ctkEnabled = \"TRUE\"";
  if (kind == 0) return files;
  std::string& text = files["x/x.vmx"];
  text.replace(text.find(key) + key.size() - 5, 5, "FALSE\"");
  return files;
}

class Life {
 public:
  explicit Life(unsigned seed) : random_(seed), shop_(first_files(seed % 3)) {
    for (std::size_t disk = 0; disk < 2; ++disk) known_.insert(table_at(disk));
    for (std::size_t disk = 0; disk < 2; ++disk) {
      if (shop_.state("x/x.vmx", slots[disk]) != "tracked") missed_.insert(table_at(disk));
    }
  }

  // What went wrong, and the story of it.
  std::string live(int steps) {
    for (int i = 0; i < steps; ++i) {
      allowed_ = wrongly_tracked();
      step();
      for (const std::string& wrong : wrongly_tracked()) {
        if (!allowed_.contains(wrong)) return story_ + "\nis tracked over a table that missed writes";
      }
    }
    return {};
  }
  [[nodiscard]] int refusals() const { return refusals_; }
  [[nodiscard]] int restored() const { return restored_; }

 private:
  unsigned chance(unsigned below) { return static_cast<unsigned>(random_() % below); }

  [[nodiscard]] std::string content(const std::string& path) const {
    const auto found = shop_.disk.files().find(path);
    return found == shop_.disk.files().end() ? std::string() : found->second->content;
  }
  [[nodiscard]] std::string table_at(std::size_t disk) const { return content(names[disk] + "-ctk.vmdk"); }

  [[nodiscard]] std::set<std::string> wrongly_tracked() const {
    std::set<std::string> wrong;
    for (std::size_t disk = 0; disk < 2; ++disk) {
      const std::string table = table_at(disk);
      if (shop_.state("x/x.vmx", slots[disk]) == "tracked" && missed_.contains(table)) wrong.insert(table);
    }
    return wrong;
  }

  // A power-on, writes to both disks, a power-off.
  void guest_writes() {
    story_ += " (the machine runs)";
    std::set<std::string> good;
    for (std::size_t disk = 0; disk < 2; ++disk) {
      const std::string state = shop_.state("x/x.vmx", slots[disk]);
      const std::string path = names[disk] + "-ctk.vmdk";
      if (state == "tracked" || state == "broken" || state == "pending") {
        const bool goes_on = state == "tracked" && missed_.contains(table_at(disk));
        shop_.disk.put(path, table_of(++serial_));
        if (!goes_on) good.insert(table_at(disk));
        known_.insert(table_at(disk));
        if (state == "pending") name_table(disk);
      }
      shop_.disk.touch(names[disk] + "-flat.vmdk");
    }
    for (const std::string& table : known_) {
      if (!good.contains(table)) missed_.insert(table);
    }
    shop_.disk.put("x/vmware.log", "VMX exit (0).\n");
  }
  void name_table(std::size_t disk) {
    const std::string base = names[disk].substr(2);
    shop_.disk.put(names[disk] + ".vmdk", small_descriptor(base + "-flat.vmdk", base + "-ctk.vmdk"));
  }

  void administrator_edits() {
    story_ += " (keys edited)";
    std::string text = content("x/x.vmx");
    for (const char* key : {"\nctkEnabled = \"", "\nscsi0:0.ctkEnabled = \"", "\nscsi0:1.ctkEnabled = \""}) {
      const std::size_t at = text.find(key);
      if (at == std::string::npos || chance(3) == 0) continue;
      const std::size_t begin = at + std::string(key).size();
      text.replace(begin, text.find('"', begin) - begin, chance(4) != 0 ? "TRUE" : "FALSE");
    }
    shop_.disk.put("x/x.vmx", text, 0755);
  }

  // Something happens at one moment of the work, a change may fail then, and the process may die later on.
  template <typename Work>
  auto disturbed(Work&& work) {
    constexpr unsigned longest = 45;
    const unsigned at = chance(longest);
    const unsigned what = chance(4);
    const bool fails = chance(3) == 0;
    moments_ = {.last = chance(3) == 0 ? chance(longest) : SIZE_MAX};
    auto count = std::make_shared<unsigned>(0);
    shop_.use(std::make_unique<RefusingWriter>(std::make_unique<FaultyWriter>(shop_.disk.writer(), moments_),
                                               [=, this](const std::string&) {
                                                 if ((*count)++ != at || moments_.is_over()) return false;
                                                 if (what == 0) guest_writes();
                                                 if (what == 1) administrator_edits();
                                                 if (what < 2) allow();
                                                 return fails;
                                               }));
    auto result = work();
    if (moments_.is_over()) story_ += " (killed)";
    shop_.use(shop_.disk.writer());
    return result;
  }
  // What others do is not cbtctl's.
  void allow() { excuse(wrongly_tracked()); }
  // What was so before a run, by somebody else's doing, is so again when the run is taken back.
  void excuse(const std::set<std::string>& tables) { allowed_.insert(tables.begin(), tables.end()); }

  void verb() {
    static const std::vector<std::string> verbs{"reset", "enable", "disable", "repair", "clean"};
    auto request = request_for(verbs[chance(5)]);
    request.least_age_ns = 0;
    if (chance(4) == 0) {
      request.whole_machine = false;
      request.has_slot = [slot = slots[chance(2)]](const std::string& each) { return each == slot; };
    }
    story_ += "; " + std::string(name_of(request.verb)) + (request.whole_machine ? "" : " of one disk");
    const auto plan = shop_.begun(request);
    if (plan.machines.empty()) return;
    before_[plan.id] = stopped_ = wrongly_tracked();
    const auto result = disturbed([&] { return shop_.carry_out(plan); });
    story_ += " " + told(result);
    if (result.outcome == Outcome::changed) runs_.push_back(plan);
  }

  void undo() {
    if (runs_.empty()) return;
    const std::size_t which = chance(2) == 0 ? runs_.size() - 1 : chance(static_cast<unsigned>(runs_.size()));
    story_ += "; undo " + std::to_string(runs_.size() - which);
    excuse(before_[runs_[which].id]);
    const auto result = disturbed([&] { return shop_.take_back(runs_[which]); });
    story_ += " " + told(result);
    refusals_ += result.outcome == Outcome::refused ? 1 : 0;
    restored_ += result.outcome == Outcome::restored ? 1 : 0;
    if (result.outcome == Outcome::restored) runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void purge() {
    if (runs_.empty()) return;
    const std::string folder = "x/.cbtctl/" + runs_.front().id;
    story_ += "; purge";
    for (const auto& [path, inode] : std::map(shop_.disk.files())) {
      if (path.starts_with(folder)) shop_.disk.erase(path);
    }
    runs_.erase(runs_.begin());
  }

  void recover() {
    excuse(stopped_);
    for (const auto& result : disturbed([&] { return shop_.recover("x"); })) story_ += "; recovery " + told(result);
  }

  void step() {
    switch (chance(10)) {
      case 0:
      case 1:
        guest_writes();
        return allow();
      case 2:
      case 3:
        administrator_edits();
        return allow();
      case 4:
        return purge();
      case 5:
      case 6:
      case 7:
        recover();
        return undo();
      default:
        recover();
        return verb();
    }
  }

  std::mt19937 random_;
  Workshop shop_;
  Moments moments_;
  std::vector<repair::Plan> runs_;
  std::set<std::string> known_;
  std::set<std::string> missed_;
  std::set<std::string> allowed_;
  std::map<std::string, std::set<std::string>> before_;  // by run: what was wrongly tracked already
  std::set<std::string> stopped_;                        // the same of the run that was begun last
  std::string story_;
  unsigned serial_ = 100;
  int refusals_ = 0;
  int restored_ = 0;
};

}  // namespace

TEST_CASE("whatever happens in whatever order, cbtctl tracks no disk over a table that missed writes", "[crash]") {
  const char* wanted = std::getenv("CBTCTL_MODEL_LIVES");
  const unsigned lives = wanted != nullptr ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : 40;
  constexpr int steps = 25;
  int refusals = 0;
  int restored = 0;
  for (unsigned seed = 0; seed < lives; ++seed) {
    Life life(seed);
    const std::string wrong = life.live(steps);
    INFO("life " << seed << ": " << wrong);
    CHECK(wrong.empty());
    refusals += life.refusals();
    restored += life.restored();
  }
  if (lives < 40) return;
  CHECK(refusals > 3);  // or nothing was tried
  CHECK(restored > 3);
}
