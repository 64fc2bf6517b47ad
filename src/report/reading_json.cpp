#include "report/reading_json.h"

#include "report/text.h"

namespace cbtctl::report {

void put_reading(Json& object, const std::optional<formats::ctk::Reading>& reading) {
  const formats::ctk::Reading known = reading.value_or(formats::ctk::Reading{});
  object["layout"] = reading ? Json(formats::ctk::name_of(known.layout)) : Json(nullptr);
  object["understood"] = reading ? Json(known.is_understood()) : Json(nullptr);
  object["block_size_bytes"] = sectors_json(known.block_sectors);
  object["blocks"] = or_null(known.blocks);
  object["epoch"] = or_null(known.epoch);
  object["uuid"] = or_null(known.uuid_text());
}

std::string version_text(const formats::ctk::Reading& reading) {
  const auto note = formats::ctk::version_note(reading);
  return note ? ", " + *note : std::string();
}

void put_completeness(Json& object, const model::Completeness& completeness) {
  object["complete"] = or_null(completeness.complete);
  object["incomplete_reason"] = text_or_null(completeness.reason);
}

std::string completeness_words(const model::Completeness& completeness) {
  if (completeness.complete == true) return {};
  return (completeness.complete ? "not complete: " : "not known to be complete: ") + escaped(completeness.reason);
}

std::string completeness_text(const model::Completeness& completeness) {
  const std::string words = completeness_words(completeness);
  return words.empty() ? words : " (" + words + ")";
}

}  // namespace cbtctl::report
