#include "report/reading_json.h"

namespace cbtctl::report {

void put_reading(Json& object, const std::optional<formats::ctk::Reading>& reading) {
  const formats::ctk::Reading known = reading.value_or(formats::ctk::Reading{});
  object["layout"] = reading ? Json(formats::ctk::name_of(known.layout)) : Json(nullptr);
  object["block_size_bytes"] = sectors_json(known.block_sectors);
  object["blocks"] = or_null(known.blocks);
  object["epoch"] = or_null(known.epoch);
  object["uuid"] = or_null(known.uuid_text());
}

}  // namespace cbtctl::report
