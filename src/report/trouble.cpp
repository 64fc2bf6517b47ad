#include "report/trouble.h"

#include "log/log.h"
#include "report/json.h"

namespace cbtctl::report {

std::string last_error() {
  std::string last = "cancelled";
  for (const log::Message& message : log::messages()) {
    if (message.is_error) last = message.text;
  }
  return last;
}

std::string error_json(int exit_status, const std::vector<app::Unmatched>& unmatched) {
  Json document = envelope("cbtctl.error/1", exit_status, {});
  document["error"] = last_error();
  document["unmatched"] = unmatched_json(unmatched);
  return printed_document(std::move(document));
}

Json unmatched_json(const std::vector<app::Unmatched>& unmatched) {
  Json list = Json::array();
  for (const app::Unmatched& each : unmatched) {
    Json object{{"option", each.option}};
    put_text(object, "value", each.value);
    object["nearest"] = each.nearest;
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace cbtctl::report
