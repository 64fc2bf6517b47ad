// What a CTK file's header says, as every document has it.
#pragma once

#include <optional>
#include <vector>

#include "formats/ctk/tracking_file.h"
#include "model/completeness.h"
#include "report/json.h"

namespace cbtctl::report {

// `layout`, `understood`, `block_size_bytes`, `blocks`, `epoch` and `uuid`; null where nothing was read.
void put_reading(Json& object, const std::optional<formats::ctk::Reading>& reading);

// `complete`, and `incomplete_reason` where it is not known to be.
void put_completeness(Json& object, const model::Completeness& completeness);

// "not complete: ..."; empty where it is.
[[nodiscard]] std::string completeness_words(const model::Completeness& completeness);
// " (not complete: ...)" behind a file's name; empty where it is.
[[nodiscard]] std::string completeness_text(const model::Completeness& completeness);

// ", version 2, read by the layout of version 1"; empty of version 1.
[[nodiscard]] std::string version_text(const formats::ctk::Reading& reading);

// How much was written in each epoch, of what is counted by `epoch`, `blocks` and `bytes`.
template <typename Epoch>
[[nodiscard]] Json epochs_json(const std::vector<Epoch>& epochs) {
  Json list = Json::array();
  for (const Epoch& each : epochs)
    list.push_back({{"epoch", each.epoch}, {"blocks", each.blocks}, {"bytes", each.bytes}});
  return list;
}

}  // namespace cbtctl::report
