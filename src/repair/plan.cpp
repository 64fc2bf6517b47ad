#include "repair/plan.h"

#include <nettle/base64.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>

#include <nlohmann/json.hpp>

namespace cbtctl::repair {
namespace {

using Json = nlohmann::ordered_json;
using formats::core::Error;
using formats::core::ErrorKind;
using formats::core::sha256;

constexpr std::string_view schema = "cbtctl.plan/1";

// Bytes of any encoding survive JSON as base64 alone.
std::string to_base64(const std::string& bytes) {
  std::string out(BASE64_ENCODE_RAW_LENGTH(bytes.size()), '\0');
  ::nettle_base64_encode_raw(out.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return out;
}

std::optional<std::string> from_base64(const std::string& text) {
  base64_decode_ctx state{};
  ::nettle_base64_decode_init(&state);
  std::string out(BASE64_DECODE_LENGTH(text.size()), '\0');
  std::size_t length = out.size();
  if (::nettle_base64_decode_update(&state, &length, reinterpret_cast<std::uint8_t*>(out.data()), text.size(),
                                    text.data()) != 1 ||
      ::nettle_base64_decode_final(&state) != 1) {
    return std::nullopt;
  }
  out.resize(length);
  return out;
}

Json change_json(const Change& change) {
  Json object{{"kind", name_of(change.kind)},
              {"path", to_base64(change.path)},
              {"description", change.description},
              {"sha256_before", change.sha256_before},
              {"sha256_after", change.sha256_after}};
  if (change.kind == ChangeKind::edit) {
    object["before"] = to_base64(change.content_before);
    object["after"] = to_base64(change.content_after);
  }
  object["moved_to"] = to_base64(change.moved_to);
  return object;
}

Json machine_json(const MachinePlan& machine) {
  Json object{{"target", machine.target},
              {"root", to_base64(machine.root)},
              {"vm", to_base64(machine.vm)},
              {"touches_tracking", machine.touches_tracking},
              {"checks_power", machine.checks_power}};
  for (const char* list : {"changes", "witnesses", "promised"}) object[list] = Json::array();
  for (const Change& change : machine.changes) object["changes"].push_back(change_json(change));
  for (const Witness& witness : machine.witnesses) {
    object["witnesses"].push_back({{"path", to_base64(witness.path)},
                                   {"exists", witness.exists},
                                   {"size_bytes", witness.size_bytes},
                                   {"modified_ns", witness.modified_ns},
                                   {"changed_ns", witness.changed_ns}});
  }
  for (const auto& [slot, state] : machine.promised) object["promised"].push_back({slot, state});
  return object;
}

// Throws what nlohmann-json throws, and std::invalid_argument; caught in plan_from_text.
std::string bytes_at(const Json& object, const char* key) {
  auto bytes = from_base64(object.at(key).get<std::string>());
  if (!bytes) throw std::invalid_argument(key);
  return *bytes;
}

Change change_from(const Json& object) {
  Change change;
  const std::string kind = object.at("kind").get<std::string>();
  if (kind != "edit" && kind != "quarantine") throw std::invalid_argument("kind");
  change.kind = kind == "edit" ? ChangeKind::edit : ChangeKind::quarantine;
  change.path = bytes_at(object, "path");
  change.description = object.at("description").get<std::string>();
  change.sha256_before = object.at("sha256_before").get<std::string>();
  change.sha256_after = object.at("sha256_after").get<std::string>();
  change.moved_to = bytes_at(object, "moved_to");
  if (change.kind == ChangeKind::quarantine) return change;
  change.content_before = bytes_at(object, "before");
  change.content_after = bytes_at(object, "after");
  if (sha256(change.content_before) != change.sha256_before || sha256(change.content_after) != change.sha256_after) {
    throw std::invalid_argument("sha256");
  }
  return change;
}

MachinePlan machine_from(const Json& object) {
  MachinePlan machine;
  machine.target = object.at("target").get<model::Index>();
  machine.root = bytes_at(object, "root");
  machine.vm = bytes_at(object, "vm");
  machine.touches_tracking = object.at("touches_tracking").get<bool>();
  machine.checks_power = object.at("checks_power").get<bool>();
  for (const Json& change : object.at("changes")) machine.changes.push_back(change_from(change));
  for (const Json& entry : object.at("witnesses")) {
    machine.witnesses.push_back(
        {bytes_at(entry, "path"), entry.at("exists").get<bool>(), entry.at("size_bytes").get<std::uint64_t>(),
         entry.at("modified_ns").get<std::int64_t>(), entry.at("changed_ns").get<std::int64_t>()});
  }
  for (const Json& entry : object.at("promised")) {
    machine.promised.emplace_back(entry.at(0).get<std::string>(), entry.at(1).get<std::string>());
  }
  return machine;
}

}  // namespace

std::string_view name_of(ChangeKind kind) { return kind == ChangeKind::edit ? "edit" : "quarantine"; }

std::string new_run_id() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), "%Y%m%dT%H%M%SZ", &parts);
  std::array<char, 8> more{};
  std::snprintf(more.data(), more.size(), "-%04x", std::random_device{}() & 0xFFFFU);
  return std::string(time.data()) + more.data();
}

std::string to_text(const Plan& plan) {
  Json document{{"schema", schema}, {"id", plan.id}, {"verb", plan.verb}};
  for (const char* list : {"machines", "refused", "unchanged"}) document[list] = Json::array();
  for (const MachinePlan& machine : plan.machines) document["machines"].push_back(machine_json(machine));
  for (const Refusal& refusal : plan.refused)
    document["refused"].push_back({to_base64(refusal.vm), refusal.reason, to_base64(refusal.message)});
  for (const Unchanged& unchanged : plan.unchanged)
    document["unchanged"].push_back({to_base64(unchanged.vm), to_base64(unchanged.message)});
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

formats::core::Result<Plan> plan_from_text(const std::string& text) {
  try {
    const Json document = Json::parse(text);
    if (document.at("schema") != schema) throw std::invalid_argument("schema");
    Plan plan{.id = document.at("id").get<std::string>(), .verb = document.at("verb").get<std::string>()};
    if (plan.id.empty() || plan.id.find_first_not_of("0123456789abcdefTZ-") != std::string::npos)
      throw std::invalid_argument("id");
    for (const Json& machine : document.at("machines")) plan.machines.push_back(machine_from(machine));
    for (const Json& entry : document.at("refused")) {
      plan.refused.push_back({from_base64(entry.at(0).get<std::string>()).value_or(""), entry.at(1).get<std::string>(),
                              from_base64(entry.at(2).get<std::string>()).value_or("")});
    }
    for (const Json& entry : document.at("unchanged")) {
      plan.unchanged.push_back({from_base64(entry.at(0).get<std::string>()).value_or(""),
                                from_base64(entry.at(1).get<std::string>()).value_or("")});
    }
    return plan;
  } catch (const std::exception& error) {
    return Error{ErrorKind::malformed, std::string("is no plan of cbtctl: ") + error.what()};
  }
}

}  // namespace cbtctl::repair
