#include "report/chain_subject.h"

#include "report/text.h"

namespace cbtctl::report {

Json subject_json(const ChainSubject& subject) {
  Json object;
  object["vm"] = nullptr;
  if (!subject.vm.empty()) put_text(object, "vm", subject.vm);
  object["slot"] = text_or_null(subject.slot);
  put_text(object, "path", subject.path);
  const bool is_broken = subject.chain != nullptr && subject.chain->broken();
  const std::string& error = is_broken && subject.error.empty() ? subject.chain->broken()->message : subject.error;
  object["error"] = text_or_null(error);
  return object;
}

bool shows_nothing(const ChainSubject& subject) { return subject.chain == nullptr && subject.slot.empty(); }

std::string title_of(const ChainSubject& subject) {
  return escaped(subject.path) + (subject.slot.empty() ? "" : " (" + subject.slot + ")");
}

}  // namespace cbtctl::report
