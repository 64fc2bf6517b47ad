#include "report/provenance.h"

#include "report/json.h"
#include "report/text.h"
#include "report/tool.h"

namespace cbtctl::report {
namespace {

Json file_json(const ReadFile& file) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  Json object{{"target", or_null(file.target)}};
  put_path(object, "path", file.path);
  object["size_bytes"] = or_null(file.size_bytes);
  object["modified"] = file.modified_ns ? Json(rfc3339(*file.modified_ns / second_ns)) : Json(nullptr);
  object["sha256"] = text_or_null(file.sha256);
  if (file.bytes) object["bytes"] = *file.bytes;
  if (file.changed) object["changed"] = true;
  return object;
}

}  // namespace

Json provenance_json(const Provenance& provenance) {
  Json object{{"started", rfc3339(provenance.started)},
              {"finished", rfc3339(provenance.finished)},
              {"arguments", Json(provenance.arguments)},
              {"user", provenance.user},
              {"host", provenance.host},
              {"tool_build", tool_build()}};
  Json files = Json::array();
  for (const ReadFile& file : provenance.files) files.push_back(file_json(file));
  object["files"] = std::move(files);
  return object;
}

std::string printed_document(Json document, const ProvenanceOf& provenance) {
  if (provenance) document["provenance"] = provenance_json(provenance());
  return printed_document(std::move(document));
}

}  // namespace cbtctl::report
