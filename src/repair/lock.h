// `.cbtctl/lock`, made by mkdir, keeps two runs off one folder. In it lies an empty file for each process at work,
// named `RUN.TOKEN.x.vmx`, so that its life can be told (owner.h). The run's folder names it too, before the lock is
// made: a run that was stopped in between is found as well. Which format these names have, the plan beside them says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repair/workplace.h"

namespace cbtctl::repair {

// The name of a process in a lock; nothing where it is no such name. Of what else lies in a lock, maybe a later
// version's, the name alone is known, and nobody can tell whether it is at work.
struct Marker {
  std::string name;
  std::string run;
  std::string token;
  std::string vm_name;
};
[[nodiscard]] std::optional<Marker> marker_from(const std::string& name);

// All folders of the machine, or none. `in_use`, with the owner in words, where another process holds one. A process
// may go on under locks that it holds already.
[[nodiscard]] formats::core::Status lock(const Workplace& place);
// Takes over the locks of this run, whose process is dead: one of several that try gets them. `taken_over`: where
// nobody can tell, it is dead by the operator's word.
[[nodiscard]] formats::core::Status claim(const Workplace& place, bool taken_over);
void unlock(const Workplace& place);
// And with it everything that the run put there itself, once the files are what they were.
void vanish(const Workplace& place);

// A run that holds a folder, or was stopped there.
struct Unfinished {
  Spot folder;               // its root is the index of a site
  std::string run;           // the newest; empty: the lock does not say
  std::string vm_name;       // the file name of the .vmx; empty: the lock does not say
  std::optional<Plan> plan;  // of one machine; nothing: cannot be read
  std::string owner;         // in words
  bool is_later = false;     // its format is a later version's, which `owner` names: nothing may be done about it here
  Life life = Life::cannot_tell;
};
[[nodiscard]] std::optional<Unfinished> find_unfinished(const Spot& folder, storage::Writer& writer);

// Where nothing in the folder was changed by the run, told without its plan (what was kept is what is there), the lock
// and what the run prepared are removed; false where something was, and nothing is done.
[[nodiscard]] bool remove_untouched(const Unfinished& unfinished, storage::Writer& writer);

}  // namespace cbtctl::repair
