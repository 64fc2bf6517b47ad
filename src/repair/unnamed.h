// CTK files that no descriptor names: what clean takes, also where a machine has snapshots or there is none.
#pragma once

#include <optional>
#include <vector>

#include "analysis/finding.h"
#include "model/datastore.h"
#include "repair/planner.h"
#include "repair/users.h"

namespace cbtctl::repair {

[[nodiscard]] bool is_about_unnamed(const analysis::Finding& finding);

// The machines whose .vmx, or own disk files, lie in the file's folder.
[[nodiscard]] std::vector<const model::VirtualMachine*> owners_of(const Users& users, const model::File& file);

// Why a machine that may have the file open may not be changed.
[[nodiscard]] std::optional<Refusal> refuse_users(const Users& users, const model::File& file, Request request);

// Why the file may not be moved: a machine of its folder is not proven off, something there is locked, or it is young.
[[nodiscard]] std::optional<Refusal> refuse_unnamed(const Users& users, const model::File& file, const Request& request,
                                                    storage::Writer& writer);

// The step that moves it, before a step that turns a key TRUE; refused where it is no CTK file for certain.
[[nodiscard]] std::optional<Refusal> add_unnamed(const model::Datastore& datastore, model::Index target,
                                                 const Spot& spot, storage::Writer& writer, MachinePlan& plan);

}  // namespace cbtctl::repair
