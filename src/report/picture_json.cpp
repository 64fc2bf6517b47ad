#include "report/json.h"
#include "report/picture.h"
#include "report/text.h"

namespace cbtctl::report {

std::string picture_json(const MapPicture& picture) {
  Json document = envelope("cbtctl.ctk-map/1", 0, {});
  put_text(document, "path", picture.path);
  document["change_id"] = or_null(picture.change_id);
  document["capacity_bytes"] = picture.capacity_bytes;
  document["block_size_bytes"] = picture.block_bytes;
  document["since"] = or_null(picture.since);
  document["columns"] = picture.columns;
  document["cell_bytes"] = picture.cell_bytes;
  document["cells"] = picture.cells;
  document["epochs"] = Json::array();
  for (const auto& epoch : picture.epochs)
    document["epochs"].push_back({{"epoch", epoch.epoch}, {"blocks", epoch.blocks}, {"bytes", epoch.bytes}});
  document["never_written_bytes"] = picture.never_written_bytes;
  document["disk"] = nullptr;
  if (!picture.disk.empty()) put_text(document, "disk", picture.disk);
  document["partitions"] = Json::array();
  for (const auto& partition : picture.partitions)
    document["partitions"].push_back({{"offset_bytes", partition.offset_bytes},
                                      {"length_bytes", partition.length_bytes},
                                      {"label", lossy_utf8(partition.label)}});
  return printed(document);
}

}  // namespace cbtctl::report
