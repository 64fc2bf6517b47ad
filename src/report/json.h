// The parts that every JSON document shares.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/datastore.h"
#include "report/json_value.h"

namespace cbtctl::report {

// `schema`, `tool`, `exit_status` unless it is told last, `targets`; the verb adds the rest.
[[nodiscard]] Json envelope(std::string_view schema, std::optional<int> exit_status,
                            const std::vector<model::Target>& targets);

// Every warning and error that was told so far: the last member of a document.
[[nodiscard]] Json messages_json();

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

[[nodiscard]] Json message_or_null(const std::optional<formats::core::Error>& error);

// Null where the file lies below a --map, which is no target.
[[nodiscard]] Json target_json(model::Index target, const std::vector<model::Target>& targets);

// As bytes; null where there is none, or where no number of bytes is that large.
[[nodiscard]] Json sectors_json(std::optional<std::uint64_t> sectors);

// A content id as 8 hex digits.
[[nodiscard]] Json cid_json(const std::optional<std::uint32_t>& cid);

// Null where the key is absent or malformed.
[[nodiscard]] Json flag_json(const std::optional<formats::vmx::Flag>& flag,
                             const formats::vmx::Configuration& settings);

// Of a document that was read: the member, where it is a text.
[[nodiscard]] std::optional<std::string> text_at(const Json& object, std::string_view name);

// The elements of a member that is a list; else none.
[[nodiscard]] const Json::Array& list_at(const Json& object, std::string_view name);

// Of a document that was read: the member, where it is a number that is not negative.
[[nodiscard]] std::optional<std::uint64_t> number_at(const Json& object, std::string_view name);

// What it tells of its targets; of an early version's, without what only later ones tell.
[[nodiscard]] std::vector<model::Target> targets_in(const Json& document);

// Indented by two, with a last newline.
[[nodiscard]] std::string printed(const Json& value);
// The same of a whole document, whose last member is `messages`.
[[nodiscard]] std::string printed_document(Json document);

}  // namespace cbtctl::report
