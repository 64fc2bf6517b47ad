#include "storage/ssh_shell_engine.h"

#include "storage/ssh_files.h"

namespace cbtctl::storage {

Status SshShellEngine::answer(std::vector<Submission> submissions, const Replier& replier) {
  std::vector<SshListings::Asked> lists;
  std::vector<Submission> files;
  for (Submission& submission : submissions) {
    if (auto* list = std::get_if<ListRequest>(&submission.request)) {
      lists.push_back({submission.tag, std::move(*list)});
    } else {
      files.push_back(std::move(submission));
    }
  }
  if (!lists.empty()) {
    auto replies = listings_.list(std::move(lists));
    if (!replies) return replies.error();
    replier(std::move(*replies));
  }
  return SshFiles(*shell_).read(std::move(files), replier);
}

}  // namespace cbtctl::storage
