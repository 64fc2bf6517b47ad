// The parts that every JSON document shares. This room's own: nlohmann-json stays inside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/datastore.h"

namespace cbtctl::report {

using Json = nlohmann::ordered_json;

// `schema`, `tool`, `exit_status`, `targets`; the verb adds the rest.
[[nodiscard]] Json envelope(std::string_view schema, int exit_status, const std::vector<model::Target>& targets);

// Sets `key` to the text as UTF-8; where the bytes are none, `key` is lossy and `key_base64` beside it is exact.
void put_text(Json& object, const std::string& key, std::string_view bytes);

template <typename T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

[[nodiscard]] Json texts(const std::vector<std::string>& list);

// One document, indented by two, with a last newline.
[[nodiscard]] std::string printed(const Json& document);

}  // namespace cbtctl::report
