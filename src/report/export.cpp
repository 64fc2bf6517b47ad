#include "report/export.h"

#include "report/json.h"
#include "report/text.h"

namespace cbtctl::report {

std::string export_text(const ExportSubject& subject, const disk::Exported& exported) {
  std::string out = escaped(subject.output) + ": " + std::to_string(exported.size_bytes) + " bytes (" +
                    human_size(exported.size_bytes) + "), of data " + std::to_string(exported.data_bytes) + " (" +
                    human_size(exported.data_bytes) + ")\n";
  if (exported.resumed_bytes > 0) out += "resumed at byte " + std::to_string(exported.resumed_bytes) + "\n";
  if (exported.data_sha256) out += "SHA-256 of the data extents " + *exported.data_sha256 + "\n";
  if (exported.image_sha256) out += "SHA-256 of the image " + *exported.image_sha256 + "\n";
  return out;
}

std::string export_json(const ExportSubject& subject, const disk::Exported& exported, const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.export/1", 0, {});
  put_text(document, "path", subject.path);
  put_text(document, "output", subject.output);
  document["link"] = subject.link;
  document["size_bytes"] = exported.size_bytes;
  document["data_bytes"] = exported.data_bytes;
  document["resumed_bytes"] = exported.resumed_bytes;
  document["data_sha256"] = or_null(exported.data_sha256);
  document["image_sha256"] = or_null(exported.image_sha256);
  return printed_document(std::move(document), provenance);
}

}  // namespace cbtctl::report
