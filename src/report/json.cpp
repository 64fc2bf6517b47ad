#include "report/json.h"

#include "formats/core/base64.h"
#include "formats/core/checked.h"
#include "formats/core/hex.h"
#include "log/log.h"
#include "report/text.h"
#include "report/tool.h"

namespace cbtctl::report {
namespace {

Json host_json(const std::optional<model::HostFacts>& host) {
  if (!host) return nullptr;
  return {{"product", host->product}, {"version", host->version}, {"build", host->build}};
}

Json volumes_json(const model::Target& target) {
  Json volumes = Json::array();
  for (const model::VolumeSpan& volume : target.volumes) {
    Json object = Json::object();
    put_text(object, "path", volume.path.empty() ? "." : volume.path);
    put_text(object, "identity", volume.identity);
    volumes.push_back(std::move(object));
  }
  return volumes;
}

}  // namespace

Json envelope(std::string_view schema, std::optional<int> exit_status, const std::vector<model::Target>& targets) {
  Json document;
  document["schema"] = schema;
  document["tool"] = {{"name", tool_name}, {"version", tool_version()}};
  if (exit_status) document["exit_status"] = *exit_status;
  document["targets"] = Json::array();
  for (const model::Target& target : targets) {
    Json entry;
    put_text(entry, "location", target.location);
    entry["canonical_location"] = nullptr;
    if (!target.canonical.empty()) put_text(entry, "canonical_location", target.canonical);
    entry["volumes"] = volumes_json(target);
    entry["kind"] = target.is_ssh ? "ssh" : "local";
    entry["host"] = host_json(target.host);
    entry["error"] = message_or_null(target.error);
    document["targets"].push_back(std::move(entry));
  }
  return document;
}

Json messages_json() {
  Json list = Json::array();
  for (const log::Message& message : log::messages()) {
    Json object{{"level", message.is_error ? "error" : "warning"}, {"target", or_null(message.target)}};
    put_text(object, "text", message.text);
    list.push_back(std::move(object));
  }
  return list;
}

void put_text(Json& object, const std::string& key, std::string_view bytes) {
  object[key] = bytes;
  if (!is_utf8(bytes)) object[key + "_base64"] = formats::core::to_base64(bytes);
}

void put_path(Json& object, const std::string& key, std::string_view bytes) {
  object[key] = bytes;
  if (!is_utf8(bytes)) object["path_base64"] = formats::core::to_base64(bytes);
}

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json message_or_null(const std::optional<formats::core::Error>& error) {
  return error ? Json(error->message) : Json(nullptr);
}

Json target_json(model::Index target, const std::vector<model::Target>& targets) {
  return target < targets.size() ? Json(target) : Json(nullptr);
}

Json sectors_json(std::optional<std::uint64_t> sectors) {
  return sectors ? or_null(formats::core::checked_multiply(*sectors, formats::core::sector_bytes)) : Json(nullptr);
}

Json cid_json(const std::optional<std::uint32_t>& cid) {
  return cid ? Json(formats::core::hex32(*cid)) : Json(nullptr);
}

Json flag_json(const std::optional<formats::vmx::Flag>& flag, const formats::vmx::Configuration& settings) {
  return flag && !settings.contradicts_itself(flag->key) ? or_null(flag->value) : Json(nullptr);
}

std::vector<model::Target> targets_in(const Json& document) {
  std::vector<model::Target> found;
  for (const Json& entry : list_at(document, "targets")) {
    model::Target target;
    target.location = text_at(entry, "location").value_or("");
    target.canonical = text_at(entry, "canonical_location").value_or("");
    for (const Json& volume : list_at(entry, "volumes")) {
      const std::string path = text_at(volume, "path").value_or(".");
      target.volumes.push_back({path == "." ? "" : path, text_at(volume, "identity").value_or("")});
    }
    const Json* error = entry.find("error");
    if (error != nullptr && !error->is_null())
      target.error = model::Error{model::ErrorKind::unavailable, text_at(entry, "error").value_or("")};
    found.push_back(std::move(target));
  }
  return found;
}

const Json::Array& list_at(const Json& object, std::string_view name) {
  static const Json::Array none;
  const Json* found = object.find(name);
  return found != nullptr && found->elements() != nullptr ? *found->elements() : none;
}

std::optional<std::uint64_t> number_at(const Json& object, std::string_view name) {
  const Json* found = object.find(name);
  return found != nullptr ? found->number() : std::nullopt;
}

std::optional<std::string> text_at(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  const std::string* text = member != nullptr ? member->text() : nullptr;
  return text != nullptr ? std::optional(*text) : std::nullopt;
}

std::string printed_document(Json document) {
  document["messages"] = messages_json();
  return printed(document);
}

std::string printed(const Json& document) {
  std::string out;
  document.append_to(out);
  return out + "\n";
}

}  // namespace cbtctl::report
