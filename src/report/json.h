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

// The same for the path of what the object is about, whatever its key: the exact one is always `path_base64`.
void put_path(Json& object, const std::string& key, std::string_view bytes);

template <typename T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// Null where the text is empty.
[[nodiscard]] Json text_or_null(std::string_view text);

[[nodiscard]] Json optional_text(const std::optional<std::string>& text);

// Of a document that was read: the member, where it is a text.
[[nodiscard]] std::optional<std::string> text_at(const Json& object, const char* name);

// Null where the file lies below a --map, which is no target.
[[nodiscard]] Json target_json(model::Index target, const std::vector<model::Target>& targets);

// A content id as 8 hex digits.
[[nodiscard]] Json cid_json(const std::optional<std::uint32_t>& cid);

// Null where the key is absent or malformed.
[[nodiscard]] Json flag_json(const std::optional<formats::vmx::Flag>& flag,
                             const formats::vmx::Configuration& settings);

[[nodiscard]] Json texts(const std::vector<std::string>& list);

// One document, indented by two, with a last newline.
[[nodiscard]] std::string printed(const Json& document);

}  // namespace cbtctl::report
