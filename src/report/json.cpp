#include "report/json.h"

#include "formats/core/base64.h"
#include "formats/core/hex.h"
#include "report/text.h"
#include "report/tool.h"

namespace cbtctl::report {
namespace {

Json host_json(const std::optional<model::HostFacts>& host) {
  if (!host) return nullptr;
  return {{"product", host->product}, {"version", host->version}, {"build", host->build}};
}

}  // namespace

Json envelope(std::string_view schema, int exit_status, const std::vector<model::Target>& targets) {
  Json document;
  document["schema"] = schema;
  document["tool"] = {{"name", tool_name}, {"version", tool_version()}};
  document["exit_status"] = exit_status;
  document["targets"] = Json::array();
  for (const model::Target& target : targets) {
    Json entry;
    put_text(entry, "location", target.location);
    entry["kind"] = target.is_ssh ? "ssh" : "local";
    entry["host"] = host_json(target.host);
    entry["error"] = target.error ? Json(lossy_utf8(target.error->message)) : Json(nullptr);
    document["targets"].push_back(std::move(entry));
  }
  return document;
}

void put_text(Json& object, const std::string& key, std::string_view bytes) {
  object[key] = lossy_utf8(bytes);
  if (!is_utf8(bytes)) object[key + "_base64"] = formats::core::to_base64(bytes);
}

void put_path(Json& object, const std::string& key, std::string_view bytes) {
  object[key] = lossy_utf8(bytes);
  if (!is_utf8(bytes)) object["path_base64"] = formats::core::to_base64(bytes);
}

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(lossy_utf8(text)); }

Json optional_text(const std::optional<std::string>& text) { return text ? Json(lossy_utf8(*text)) : Json(nullptr); }

std::optional<std::string> text_at(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}

Json target_json(model::Index target, const std::vector<model::Target>& targets) {
  return target < targets.size() ? Json(target) : Json(nullptr);
}

Json cid_json(const std::optional<std::uint32_t>& cid) {
  return cid ? Json(formats::core::hex32(*cid)) : Json(nullptr);
}

Json flag_json(const std::optional<formats::vmx::Flag>& flag, const formats::vmx::Configuration& settings) {
  return flag && !settings.contradicts_itself(flag->key) ? or_null(flag->value) : Json(nullptr);
}

Json texts(const std::vector<std::string>& list) {
  Json array = Json::array();
  for (const std::string& text : list) array.push_back(lossy_utf8(text));
  return array;
}

std::string printed(const Json& document) { return document.dump(2) + "\n"; }

}  // namespace cbtctl::report
