// What hosts know, joined to what was found: versions, datastore types, registrations, power.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "discovery/discover_for_change.h"
#include "discovery/loader.h"
#include "discovery/place.h"
#include "discovery/tree.h"
#include "host/facts.h"
#include "model/datastore.h"

namespace cbtctl::discovery {

class Hosts {
 public:
  // Asks every host, once each, and waits for none.
  explicit Hosts(const std::vector<Place>& places);

  // Waits. Fills the targets' hosts, inventories and datastore types, and the machines' registrations; joins power,
  // asking for locks where nothing else settles it, or the machine shall be changed: one more request per host at most.
  void join(const Tree& tree, const Loader& loader, model::Datastore& datastore, const WillChange& will_change);

 private:
  void collect(model::Datastore& datastore);
  void tell_datastores(const Tree& tree, model::Datastore& datastore) const;
  void find_registered(const Tree& tree, const Loader& loader, model::Datastore& datastore);
  void find_running(const Tree& tree, const Loader& loader, const model::Datastore& datastore);
  void tell_power(const Tree& tree, const Loader& loader, model::Datastore& datastore, const WillChange& will_change);
  void ask(const Tree& tree, const Loader& loader, model::Datastore& datastore,
           const std::vector<model::Index>& machines, const std::set<model::Index>& changed) const;

  const std::vector<Place>& places_;
  std::map<std::string, host::PendingFacts> pending_;             // by host
  std::map<std::pair<std::size_t, model::Index>, bool> running_;  // target and file of the .vmx
};

}  // namespace cbtctl::discovery
