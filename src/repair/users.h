// Whom a file concerns. Guards ask it of every disk of every machine, so a datastore is looked through once.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/datastore.h"

namespace cbtctl::repair {

class Users {
 public:
  explicit Users(const model::Datastore& datastore);

  [[nodiscard]] const model::Datastore& datastore() const { return *datastore_; }
  // The machines that have the file in a chain, in their order.
  [[nodiscard]] std::vector<const model::VirtualMachine*> of(model::Index file) const;
  // Those whose .vmx, or a file of whose chains, lies in the folder of this one.
  [[nodiscard]] std::vector<const model::VirtualMachine*> beside(const model::File& file) const;

 private:
  void add(model::Index file, model::Index machine);

  const model::Datastore* datastore_;
  std::vector<std::pair<model::Index, model::Index>> by_file_;  // file and machine, in order
  std::map<std::pair<model::Index, std::string>, std::vector<model::Index>> by_folder_;
};

}  // namespace cbtctl::repair
