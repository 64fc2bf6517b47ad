// Changes on a host: each batch of them, and each set of questions, is one run of a constant script, one round trip.
#include <algorithm>
#include <map>
#include <utility>

#include "formats/core/path.h"
#include "storage/ssh_reader.h"
#include "storage/ssh_records.h"
#include "storage/ssh_write_script.h"
#include "storage/writer.h"

namespace cbtctl::storage {
namespace {

using formats::core::is_inside;
using formats::core::success;

constexpr std::size_t most_data_bytes = 12 * 1024;  // escaped, of one argument: a command line takes 32 KiB
constexpr std::size_t questions_per_call = 64;

// As `printf %b` understands it; bytes that any shell leaves alone stay as they are.
std::string escaped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if ((byte >= ' ' && byte < 0x7F && c != '\\') || c == '\n') return {c};
  const auto digit = [&](unsigned shift) { return static_cast<char>('0' + ((byte >> shift) & 7U)); };
  return {'\\', '0', digit(6), digit(3), digit(0)};
}

std::vector<std::string> pieces_of(std::string_view bytes) {
  std::vector<std::string> pieces(1);
  for (const char c : bytes) {
    if (pieces.back().size() >= most_data_bytes) pieces.emplace_back();
    pieces.back() += escaped(c);
  }
  return pieces;
}

Error error_of_host(std::string_view words, const std::string& path) {
  const auto error = [&](ErrorKind kind, const char* message) { return Error{kind, path + ": " + message}; };
  if (words == "exists" || words.find("File exists") != std::string_view::npos)
    return error(ErrorKind::usage, "exists already");
  if (words == "missing") return error_of_words("No such file").in(path);
  if (words == "outside") return error_of_words("symbolic links").in(path);
  if (words == "folder") return error(ErrorKind::outside, "is not a regular file");
  if (words == "lock") return error(ErrorKind::in_use, "the lock was taken over meanwhile");
  if (words == "changed") return error(ErrorKind::changed, "does not read back as it was written");
  if (words == "owner") return error(ErrorKind::denied, "its owner cannot be kept");
  return error_of_words(words).in(path);
}

struct Change {
  char operation = 0;
  std::string path;
  std::string other;
  std::string data;
  std::string only_while;
};

class SshWriter final : public Writer {
 public:
  explicit SshWriter(std::shared_ptr<SshReader> host) : host_(std::move(host)) {}

  Result<FileStatus> status(const std::string& path) override {
    const auto answer = ask({Question::Kind::status, path});
    if (!answer) return answer.error();
    return answer->status;
  }
  Result<std::string> read(const std::string& path) override { return text_of({Question::Kind::content, path}); }
  Result<std::string> digest(const std::string& path) override { return text_of({Question::Kind::digest, path}); }
  Result<std::string> head(const std::string& path) override { return text_of({Question::Kind::head, path}); }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    const auto text = text_of({Question::Kind::names, folder});
    if (!text) return text.error();
    std::vector<std::string> names;
    for (std::size_t begin = 0, end = 0; (end = text->find('/', begin)) != std::string::npos; begin = end + 1)
      names.push_back(text->substr(begin, end - begin));
    return names;
  }

  void look_ahead(std::vector<Question> questions) override {
    known_.clear();
    static_cast<void>(ask_all(std::move(questions)));
  }
  [[nodiscard]] bool is_far() const override { return true; }

  void begin_batch() override { ++batches_; }
  Status end_batch() override {
    --batches_;
    flush();
    return std::exchange(failure_, success());
  }
  void only_while(const std::string& path) override { only_while_ = path; }

  Status make_folder(const std::string& path) override { return change({'F', path, {}, {}, {}}); }
  Status ensure_folder(const std::string& path) override { return change({'f', path, {}, {}, {}}); }
  Status create(const std::string& path, std::string_view bytes, const std::string& like) override {
    std::vector<Change> changes;
    for (std::string& piece : pieces_of(bytes)) {
      changes.push_back({changes.empty() ? 'n' : 'a', path, changes.empty() ? like : "", std::move(piece), {}});
    }
    return change_all(std::move(changes));
  }
  Status keep(const std::string& path, const std::string& as) override { return change({'k', path, as, {}, {}}); }
  Status replace(const std::string& from, const std::string& over) override {
    return change({'r', from, over, {}, {}});
  }
  Status move(const std::string& from, const std::string& to) override { return change({'m', from, to, {}, {}}); }
  Status sync() override { return change({'y', {}, {}, {}, {}}); }
  Status expect(const std::string& path, const std::string& sha256) override {
    return change({'=', path, {}, sha256, {}});
  }
  void try_remove_file(const std::string& path) override { static_cast<void>(change({'U', path, {}, {}, {}})); }
  void try_remove_empty_folder(const std::string& path) override { static_cast<void>(change({'D', path, {}, {}, {}})); }
  Status remove_file(const std::string& path) override { return change({'u', path, {}, {}, {}}); }
  Status remove_empty_folder(const std::string& path) override { return change({'d', path, {}, {}, {}}); }

 private:
  struct Answer {
    FileStatus status;
    std::string text;
  };

  Status change(Change one) { return change_all({std::move(one)}); }
  Status change_all(std::vector<Change> changes) {
    for (Change& each : changes) {
      for (const std::string& path : {each.path, each.other}) {
        if (!is_inside(path)) return Error{ErrorKind::outside, path + ": leads out of the target"};
      }
      each.only_while = only_while_;
      waiting_.push_back(std::move(each));
    }
    if (batches_ > 0) return failure_;
    flush();
    return std::exchange(failure_, success());
  }

  // What waits is done, in one run, until something fails.
  void flush() {
    const auto changes = std::exchange(waiting_, {});
    if (changes.empty() || !failure_) return;
    known_.clear();
    std::vector<std::string> arguments;
    for (const Change& each : changes) {
      for (const std::string& text :
           {std::string(1, each.operation), each.path, each.other, each.data, each.only_while})
        arguments.push_back(text);
      arguments.emplace_back(".");
    }
    const auto records = host_->run_records(change_script(), std::move(arguments), arguments_per_change);
    if (!records) {
      failure_ = records.error();
      return;
    }
    std::size_t done = 0;
    for (const auto& [kind, payload] : records->list) {
      if (kind == "x" && done < changes.size()) {
        failure_ = error_of_host(payload, changes[done].path);
        return;
      }
      if (kind == "y") ++done;
    }
    if (done != changes.size())
      failure_ = Error{ErrorKind::unavailable,
                       changes[std::min(done, changes.size() - 1)].path + ": the host did not say that it was changed"};
  }

  Result<Answer> ask(const Question& question) {
    if (!is_inside(question.path)) return Error{ErrorKind::outside, question.path + ": leads out of the target"};
    flush();
    if (!failure_) return failure_.error();
    const auto found = known_.find(question);
    if (found != known_.end()) return found->second;
    if (const Status asked = ask_all({question}); !asked) return asked.error();
    return known_.at(question);
  }
  Result<std::string> text_of(const Question& question) {
    const auto answer = ask(question);
    if (!answer) return answer.error();
    return answer->text;
  }

  Status ask_all(std::vector<Question> questions) {
    std::erase_if(questions, [](const Question& each) { return !is_inside(each.path); });
    std::sort(questions.begin(), questions.end());
    questions.erase(std::unique(questions.begin(), questions.end()), questions.end());
    if (questions.empty()) return success();
    constexpr std::string_view letters = "scdnh";
    std::vector<std::string> arguments;
    for (const Question& each : questions)
      arguments.push_back(letters[static_cast<std::size_t>(each.kind)] + each.path);
    const auto records = host_->run_records(question_script(), std::move(arguments), questions_per_call);
    if (!records) return records.error();
    std::size_t next = 0;
    for (const auto& [kind, payload] : records->list) {
      if (kind.empty()) continue;
      if (next == questions.size()) return unclear();
      const Question& question = questions[next++];
      auto answer = answer_of(question, kind, payload, records->token);
      if (!answer && answer.error().kind == ErrorKind::malformed) return answer.error();
      known_.insert_or_assign(question, std::move(answer));
    }
    return next == questions.size() ? success() : unclear();
  }

  static Result<Answer> answer_of(const Question& question, const std::string& kind, const std::string& payload,
                                  const std::string& token) {
    if (kind == "e") return error_of_host(payload, question.path);
    if (kind != "s") return Answer{.status = {}, .text = payload};
    const auto status = parse_status(payload, token);
    if (!status) return unclear();
    return Answer{.status = status->status, .text = {}};
  }
  static Error unclear() { return {ErrorKind::malformed, "the host's answer cannot be understood"}; }

  std::shared_ptr<SshReader> host_;
  std::map<Question, Result<Answer>> known_;  // as of now
  int batches_ = 0;                           // one within another
  std::vector<Change> waiting_;
  Status failure_ = success();  // of the batch
  std::string only_while_;
};

}  // namespace

std::unique_ptr<Writer> open_ssh_writer(std::shared_ptr<SshReader> host) {
  return std::make_unique<SshWriter>(std::move(host));
}

}  // namespace cbtctl::storage
