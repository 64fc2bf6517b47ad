#include "report/picture.h"
#include "report/reading_json.h"

namespace cbtctl::report {

std::string picture_json(const MapPicture& picture, int exit_status, const ProvenanceOf& provenance) {
  Json document = envelope("cbtctl.ctk-map/1", exit_status, {});
  put_text(document, "path", picture.path);
  document["layout"] = formats::ctk::name_of(picture.reading.layout);
  document["understood"] = picture.reading.is_understood();
  document["change_id"] = or_null(picture.change_id);
  document["epoch_at_least"] = or_null(picture.reading.epoch_at_least);
  put_completeness(document, picture.completeness);
  document["capacity_bytes"] = picture.capacity_bytes;
  document["block_size_bytes"] = picture.block_bytes;
  document["since"] = or_null(picture.since);
  document["columns"] = picture.columns;
  document["cell_bytes"] = picture.cell_bytes;
  document["cells"] = picture.cells;
  document["epochs"] = epochs_json(picture.epochs);
  document["never_written_bytes"] = picture.never_written_bytes;
  document["disk"] = nullptr;
  if (!picture.disk.empty()) put_text(document, "disk", picture.disk);
  document["partitions"] = Json::array();
  for (const auto& partition : picture.partitions)
    document["partitions"].push_back({{"offset_bytes", partition.offset_bytes},
                                      {"length_bytes", partition.length_bytes},
                                      {"label", partition.label}});
  return printed_document(std::move(document), provenance);
}

}  // namespace cbtctl::report
