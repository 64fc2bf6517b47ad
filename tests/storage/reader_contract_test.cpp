// One suite for every Reader: what holds for a folder holds for memory, and for a host by its shell and by SFTP.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include "tests/support/catch.h"

#include "storage/local_file.h"
#include "storage/local_reader.h"
#include "tests/support/memory_reader.h"
#include "tests/support/standin.h"

using namespace cbtctl::storage;

namespace {

const std::map<std::string, std::string> files{
    {"vm/a.vmx", "config"}, {"vm/empty", ""}, {"vm/new\nline", "x"}, {"top", "0123456789"}};
const std::map<std::string, std::string> links{
    {"vm/inside", "a.vmx"},    {"vm/up", "../top"},
    {"vm/out", "/etc/passwd"}, {"vm/climb", "../../../../../../../../etc/passwd"},
    {"vm/self", "self"},       {"vm/away", "/etc"}};

struct Place {
  std::shared_ptr<Reader> reader;
  std::filesystem::path folder;  // as this machine sees it; empty: memory
  ~Place() {
    reader.reset();
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }
};

// A folder that holds the files and links.
std::unique_ptr<Place> filled(const std::filesystem::path& parent) {
  auto place = std::make_unique<Place>();
  std::string name = (parent / "cbtctl-XXXXXX").string();
  place->folder = ::mkdtemp(name.data());
  std::filesystem::create_directories(place->folder / "vm");
  for (const auto& [path, content] : files) std::ofstream(place->folder / path, std::ios::binary) << content;
  for (const auto& [path, target] : links) std::filesystem::create_symlink(target, place->folder / path);
  return place;
}

std::unique_ptr<Place> local(unsigned workers) {
  auto place = filled(std::filesystem::temp_directory_path());
  place->reader = std::move(*open_local(place->folder.string(), workers));
  return place;
}

std::unique_ptr<Place> on_host(SshTransport transport) {
  const auto& standin = support::Standin::instance();
  auto place = filled(standin.root() / "vmfs/volumes");
  place->reader = standin.open("/vmfs/volumes/" + place->folder.filename().string(), transport).reader;
  return place;
}

std::unique_ptr<Place> any_place() {
  switch (GENERATE(0, 1, 2, 3, 4)) {
    case 0:
      return local(1);
    case 1:
      return local(16);
    case 2:
      return on_host(SshTransport::shell);
    case 3:
      return on_host(SshTransport::sftp);
    default: {
      auto place = std::make_unique<Place>();
      place->reader = support::open_memory({files, links, {}});
      return place;
    }
  }
}

Result<Answer> ask(Reader& reader, Request request) {
  reader.submit({{7, std::move(request)}});
  auto replies = reader.collect();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].tag == 7);
  return replies[0].answer;
}

// The replies in the order of the requests.
std::vector<Reply> ask_all(Reader& reader, const std::vector<FetchRequest>& requests) {
  std::vector<Submission> batch;
  for (std::size_t i = 0; i < requests.size(); ++i) batch.push_back({i, requests[i]});
  reader.submit(std::move(batch));
  std::vector<Reply> all;
  for (auto replies = reader.collect(); !replies.empty(); replies = reader.collect()) {
    std::move(replies.begin(), replies.end(), std::back_inserter(all));
  }
  std::sort(all.begin(), all.end(), [](const Reply& a, const Reply& b) { return a.tag < b.tag; });
  REQUIRE(all.size() == requests.size());
  return all;
}

// The beginning of the .vmx with its status, of a file called "empty" what it holds, of one the size; links by all of
// it.
std::optional<FetchRequest> glance(std::string_view name) {
  FetchRequest request{std::string(name), 100};
  if (name == "a.vmx") {
    request.most_bytes = 3;
    request.with_status = true;
  }
  request.often_empty = name == "empty";
  if (name == "new\nline") request.most_bytes = 0;
  return request;
}

ErrorKind error_kind(Reader& reader, Request request) {
  const auto answer = ask(reader, std::move(request));
  REQUIRE_FALSE(answer);
  return answer.error().kind;
}

}  // namespace

TEST_CASE("a folder lists its entries with type and link target") {
  const auto place = any_place();
  const auto answer = ask(*place->reader, ListRequest{"vm"});
  REQUIRE(answer);
  const auto& entries = std::get<Listing>(*answer).entries;
  CHECK(entries.size() == 9);
  const auto find = [&](const std::string& name) {
    return std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.name == name; });
  };
  REQUIRE(find("new\nline") != entries.end());
  CHECK(find("new\nline")->type == EntryType::file);
  CHECK(find("up")->type == EntryType::link);
  CHECK(find("up")->link_target == "../top");
  CHECK(std::is_sorted(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; }));
}

TEST_CASE("what a listing glances at is what asking by path gives") {
  const auto place = any_place();
  const auto answer = ask(*place->reader, ListRequest{"vm", false, glance});
  REQUIRE(answer);
  const auto& listing = std::get<Listing>(*answer);
  for (const Glimpse& glimpse : listing.glimpses) {
    const Entry& entry = listing.entries[glimpse.entry];
    CHECK(entry.type == EntryType::file);
    FetchRequest request = *glance(entry.name);
    request.path = "vm/" + request.path;
    const auto asked = ask(*place->reader, request);
    REQUIRE(asked);
    const auto& fetched = std::get<Fetched>(*asked);
    CHECK(glimpse.fetched.bytes == fetched.bytes);
    CHECK(glimpse.fetched.whole == fetched.whole);
    CHECK(glimpse.fetched.status.has_value() == fetched.status.has_value());
  }
}

TEST_CASE("a folder's files are read with its listing, its links are not") {
  const auto place = local(GENERATE(1U, 16U));
  const auto answer = ask(*place->reader, ListRequest{"vm", false, glance});
  REQUIRE(answer);
  const auto& listing = std::get<Listing>(*answer);
  REQUIRE(listing.glimpses.size() == 2);
  CHECK(listing.entries[listing.glimpses[0].entry].name == "a.vmx");
  CHECK(formats::core::text_of(listing.glimpses[0].fetched.bytes) == "con");
  CHECK(listing.glimpses[0].fetched.status->size_bytes == 6);
  CHECK(listing.entries[listing.glimpses[1].entry].name == "empty");
  CHECK(listing.glimpses[1].fetched.whole);
  for (const Entry& entry : listing.entries) {
    CHECK(entry.size_bytes.has_value() == (entry.name == "empty" || entry.name == "new\nline"));
    if (entry.name == "new\nline") CHECK(entry.size_bytes == 1U);
  }
}

// Where the file system can be told to forget what it has read, and reads blocks of a disk; else it is warm.
TEST_CASE("what is read with the listings of a cold disk is what is read of a warm one") {
  const auto place = local(GENERATE(2U, 16U, 256U));
  constexpr std::size_t folders = 24;
  for (std::size_t i = 0; i < folders; ++i) {
    const auto folder = place->folder / std::to_string(i);
    std::filesystem::create_directory(folder);
    for (std::size_t k = 0; k < 10; ++k) {
      const std::string path = folder / ("f" + std::to_string(k));
      const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
      const std::string content = std::to_string(i * 100 + k);
      REQUIRE(write_fully(file, std::as_bytes(std::span(content))));
      REQUIRE(::fdatasync(file.get()) == 0);
      REQUIRE(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED) == 0);
    }
    std::ofstream(folder / "empty");
  }
  std::vector<Submission> batch;
  for (std::size_t i = 0; i < folders; ++i) batch.push_back({i, ListRequest{std::to_string(i), false, glance}});
  place->reader->submit(std::move(batch));
  std::size_t listed = 0;
  for (auto replies = place->reader->collect(); !replies.empty(); replies = place->reader->collect()) {
    for (const Reply& reply : replies) {
      REQUIRE(reply.answer);
      const auto& listing = std::get<Listing>(*reply.answer);
      REQUIRE(listing.glimpses.size() == 11);
      for (std::size_t k = 0; k < listing.glimpses.size(); ++k) {
        const Glimpse& glimpse = listing.glimpses[k];
        CHECK(glimpse.entry == k);  // in the order of the entries, the empty one among them
        const std::string& name = listing.entries[k].name;
        const std::string wanted = name == "empty" ? "" : std::to_string(reply.tag * 100 + std::stoul(name.substr(1)));
        CHECK(formats::core::text_of(glimpse.fetched.bytes) == wanted);
        CHECK(glimpse.fetched.whole);
      }
      ++listed;
    }
  }
  CHECK(listed == folders);
}

TEST_CASE("a FIFO by a file's name is not read with the listing") {
  const auto place = local(1);
  REQUIRE(std::filesystem::remove(place->folder / "vm/a.vmx"));
  REQUIRE(::mkfifo((place->folder / "vm/a.vmx").c_str(), 0600) == 0);
  const auto answer = ask(*place->reader, ListRequest{"vm", false, glance});
  REQUIRE(answer);
  const auto& listing = std::get<Listing>(*answer);
  REQUIRE(listing.glimpses.size() == 1);
  CHECK(listing.entries[listing.glimpses[0].entry].name == "empty");
}

TEST_CASE("of a folder of many files only some are read with the listing") {
  const auto place = local(16);
  for (int i = 0; i < 1000; ++i) std::ofstream(place->folder / "vm" / ("f" + std::to_string(i))) << "content";
  const auto answer = ask(*place->reader, ListRequest{"vm", false, glance});
  REQUIRE(answer);
  const auto& listing = std::get<Listing>(*answer);
  CHECK(listing.entries.size() == 1009);
  CHECK(listing.glimpses.size() == 64);
}

TEST_CASE("what a decoder needs more of is left out of the glances") {
  const auto place = local(1);
  const auto wants_more = [](std::string_view name) -> std::optional<FetchRequest> {
    FetchRequest request{std::string(name), 100};
    request.decoder = [](const Fetched& fetched, std::string_view) {
      return fetched.bytes.size() < 6 ? std::any() : std::any(fetched.bytes.size());
    };
    return request;
  };
  const auto answer = ask(*place->reader, ListRequest{"vm", false, wants_more});
  REQUIRE(answer);
  const auto& listing = std::get<Listing>(*answer);
  REQUIRE(listing.glimpses.size() == 1);
  CHECK(listing.entries[listing.glimpses[0].entry].name == "a.vmx");
  CHECK(listing.glimpses[0].fetched.bytes.empty());
}

TEST_CASE("the root lists under the empty path") {
  const auto place = any_place();
  const auto answer = ask(*place->reader, ListRequest{""});
  REQUIRE(answer);
  CHECK(std::get<Listing>(*answer).entries.size() == 2);
}

TEST_CASE("a fetch gives the beginning and tells whether it is the whole") {
  const auto place = any_place();
  const auto part = ask(*place->reader, FetchRequest{"top", 4, true});
  REQUIRE(part);
  CHECK(std::get<Fetched>(*part).bytes.size() == 4);
  CHECK_FALSE(std::get<Fetched>(*part).whole);
  CHECK(std::get<Fetched>(*part).status->size_bytes == 10);
  const auto whole = ask(*place->reader, FetchRequest{"top", 10, false});
  REQUIRE(whole);
  CHECK(std::get<Fetched>(*whole).whole);
  const auto empty = ask(*place->reader, FetchRequest{"vm/empty", 10, false});
  REQUIRE(empty);
  CHECK(std::get<Fetched>(*empty).whole);
  CHECK(std::get<Fetched>(*empty).bytes.empty());
}

TEST_CASE("what is not there is missing") {
  const auto place = any_place();
  CHECK(error_kind(*place->reader, FetchRequest{"vm/none", 1, false}) == ErrorKind::missing);
  CHECK(error_kind(*place->reader, StatusRequest{"none/none"}) == ErrorKind::missing);
  CHECK(error_kind(*place->reader, ListRequest{"none"}) == ErrorKind::missing);
}

TEST_CASE("a path that leads out is refused before anything is opened") {
  const auto place = any_place();
  const std::string path = GENERATE("../top", "vm/../../x", "/etc/passwd", "..");
  CHECK(error_kind(*place->reader, FetchRequest{path, 1, false}) == ErrorKind::outside);
}

TEST_CASE("links are followed beneath the root and no further") {
  const auto place = any_place();
  const auto inside = ask(*place->reader, FetchRequest{"vm/up", 100, false});
  REQUIRE(inside);
  CHECK(std::get<Fetched>(*inside).bytes.size() == 10);
  CHECK(error_kind(*place->reader, FetchRequest{"vm/out", 1, false}) == ErrorKind::outside);
  CHECK(error_kind(*place->reader, FetchRequest{"vm/climb", 1, false}) == ErrorKind::outside);
  CHECK(error_kind(*place->reader, FetchRequest{"vm/away/passwd", 1, false}) == ErrorKind::outside);
  // A link to itself leads nowhere; SFTP has one word for that and for what is not there.
  const ErrorKind nowhere = error_kind(*place->reader, FetchRequest{"vm/self", 1, false});
  CHECK((nowhere == ErrorKind::outside || nowhere == ErrorKind::missing));
}

TEST_CASE("a listed size, right or wrong, changes no answer") {
  const auto place = any_place();
  std::vector<FetchRequest> requests;
  for (const char* path : {"top", "vm/a.vmx", "vm/empty", "vm/new\nline", "vm/inside", "vm/up", "vm/out", "vm/self",
                           "vm/away/passwd", "vm/none", "none/none", "vm", "../top"}) {
    for (const std::size_t most_bytes : {4U, 10U, 100U}) requests.push_back({path, most_bytes});
  }
  const std::vector<Reply> plain = ask_all(*place->reader, requests);
  // All wrong, one of five, none: what is wrong of one stands between the others.
  for (const std::size_t every : {1U, 5U, 1000U}) {
    for (const std::uint64_t wrong : {0U, 1U, 5U, 7U, 11U, 1U << 20U}) {
      std::vector<FetchRequest> listed = requests;
      for (std::size_t i = 0; i < listed.size(); ++i) {
        const auto known = files.find(listed[i].path);
        const std::uint64_t right = known == files.end() ? 10 : known->second.size();
        listed[i].listed_bytes = i % every == every - 1 ? wrong : right;
      }
      const std::vector<Reply> replies = ask_all(*place->reader, listed);
      for (std::size_t i = 0; i < requests.size(); ++i) {
        INFO(requests[i].path << ", at most " << requests[i].most_bytes << ", listed " << *listed[i].listed_bytes);
        REQUIRE(replies[i].answer.has_value() == plain[i].answer.has_value());
        if (!plain[i].answer) {
          CHECK(replies[i].answer.error().kind == plain[i].answer.error().kind);
          continue;
        }
        CHECK(std::get<Fetched>(*replies[i].answer).bytes == std::get<Fetched>(*plain[i].answer).bytes);
        CHECK(std::get<Fetched>(*replies[i].answer).whole == std::get<Fetched>(*plain[i].answer).whole);
      }
    }
  }
}

TEST_CASE("a folder is no file") {
  const auto place = any_place();
  CHECK(error_kind(*place->reader, FetchRequest{"vm", 1, false}) == ErrorKind::malformed);
}

TEST_CASE("every request of a large batch is answered once") {
  const auto place = any_place();
  std::vector<Submission> batch;
  for (std::uint64_t tag = 0; tag < 5000; ++tag) batch.push_back({tag, FetchRequest{"vm/a.vmx", 100, false}});
  place->reader->submit(std::move(batch));
  std::vector<bool> answered(5000);
  for (auto replies = place->reader->collect(); !replies.empty(); replies = place->reader->collect()) {
    for (const Reply& reply : replies) {
      CHECK_FALSE(answered[reply.tag]);
      answered[reply.tag] = true;
    }
  }
  CHECK(std::find(answered.begin(), answered.end(), false) == answered.end());
}

TEST_CASE("an open file reads at any offset") {
  const auto place = any_place();
  const auto file = place->reader->open("top");
  REQUIRE(file);
  std::vector<std::byte> bytes(20);
  CHECK(*(*file)->read_at(8, bytes) == 2);
  CHECK(bytes[0] == std::byte{'8'});
  CHECK(*(*file)->read_at(100, bytes) == 0);
}

TEST_CASE("a FIFO by a file's name is refused and holds nobody") {
  const auto place = any_place();
  if (place->folder.empty()) return;  // memory has none
  REQUIRE(::mkfifo((place->folder / "pipe.vmx").c_str(), 0600) == 0);
  CHECK(error_kind(*place->reader, FetchRequest{"pipe.vmx", 100, false}) == ErrorKind::malformed);
}

TEST_CASE("a fault of the memory place is what the request answers") {
  const auto reader = support::open_memory({files, {}, {{"top", ErrorKind::denied}}});
  CHECK(error_kind(*reader, FetchRequest{"top", 1, false}) == ErrorKind::denied);
}
