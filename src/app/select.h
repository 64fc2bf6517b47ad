// Which machines and disks a command is about: --vm and --disk. A name that is nobody's must not pass for a machine
// that is well, so whatever matches nothing is told by whoever asks here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/datastore.h"

namespace cbtctl::app {

// As the user wrote them.
struct Selectors {
  std::vector<std::string> machines;  // names and globs; "!" in front excludes, "\!" is a name that begins so
  std::vector<std::string> slots;
};

// A message if one of them can be no selector: an empty pattern, "!" alone, a slot that is none.
[[nodiscard]] std::optional<std::string> check_selectors(const Selectors& selectors);

struct Unmatched {
  std::string option;  // "--vm"
  std::string value;
  std::vector<std::string> nearest;
};

// What a pattern can name.
struct Candidate {
  std::string location;  // of the target
  std::string path;      // of the .vmx, below it
  std::string name;      // displayName; may be empty
};

// A name, no glob, that is that of several.
struct Ambiguity {
  std::string value;
  std::vector<std::string> paths;  // with their targets' locations
};

struct Match {
  std::vector<bool> chosen;  // by candidate
  std::vector<Unmatched> unmatched;
  std::vector<std::string> idle_exclusions;  // that exclude nothing
  std::vector<Ambiguity> ambiguous;
};

// The first of path, display name and .vmx name that is equal to a pattern, letter case and Unicode form aside, wins;
// only where none is, the pattern is a glob. Without a pattern that includes, all are chosen that are not excluded.
[[nodiscard]] Match match(const std::vector<Candidate>& candidates, const std::vector<std::string>& patterns);

// What was selected of one datastore. Disks are not numbered in it, so that it lasts while machines keep their files.
struct Selection {
  Selectors asked;
  std::vector<bool> configurations;  // by file
  bool has_every_machine = true;
  std::vector<Unmatched> unmatched;
  std::vector<std::string> idle_exclusions;
  std::vector<Ambiguity> ambiguous;

  [[nodiscard]] bool has(const model::VirtualMachine& machine) const { return configurations[machine.file]; }
  [[nodiscard]] bool has_slot(std::string_view slot) const;
  [[nodiscard]] bool is_all() const { return has_every_machine && asked.slots.empty(); }
};

// A slot is unmatched where no selected machine has a disk there.
[[nodiscard]] Selection select(const model::Datastore& datastore, const Selectors& selectors);

// Takes out the machines, and of the others the disks, that were not selected.
void narrow(model::Datastore& datastore, const Selection& selection);

}  // namespace cbtctl::app
