// The house's arrows: which room may include which, where third parties live, and what a room may be called.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include "tests/support/catch.h"

namespace {

namespace fs = std::filesystem;
using Rooms = std::set<std::string>;

const Rooms formats_rooms{"formats",      "formats/core", "formats/text", "formats/vmware",   "formats/vmx",
                          "formats/vmsd", "formats/vmdk", "formats/ctk",  "formats/partition"};

Rooms with_formats(Rooms rooms) {
  rooms.insert(formats_rooms.begin(), formats_rooms.end());
  return rooms;
}

const std::map<std::string, Rooms> allowed{
    {"formats/core", {}},
    {"formats/text", {"formats/core"}},
    {"formats/vmware", {"formats/core"}},
    {"formats/vmx", {"formats/core", "formats/text", "formats/vmware"}},
    {"formats/vmsd", {"formats/core", "formats/text", "formats/vmware"}},
    {"formats/vmdk", {"formats/core", "formats/text", "formats/vmware"}},
    {"formats/ctk", {"formats/core", "formats/text", "formats/vmware"}},
    {"formats/partition", {"formats/core", "formats/vmware"}},
    {"formats", formats_rooms},
    {"log", {"formats/core"}},
    {"model", with_formats({})},
    {"storage", {"formats/core", "formats/vmware", "log"}},
    {"host", {"formats/core", "formats/vmware", "storage", "model", "log"}},
    {"discovery", with_formats({"host", "storage", "model", "log"})},
    {"analysis", with_formats({"model", "log"})},
    {"disk", with_formats({"model", "storage"})},
    {"repair", with_formats({"analysis", "host", "storage", "model", "log"})},
    {"app", with_formats({"model"})},
    {"report", with_formats({"app", "repair", "analysis", "disk", "model", "log"})},
    {"cli",
     with_formats({"app", "report", "repair", "disk", "analysis", "discovery", "host", "storage", "model", "log"})},
};

struct ThirdParty {
  std::string header;
  std::regex home;
};
const std::vector<ThirdParty> third_parties{
    {"boost/program_options", std::regex("src/cli/options\\.cpp")},
    {"boost/filesystem", std::regex("src/storage/local.*\\.cpp")},
    {"libssh2", std::regex("src/storage/ssh.*\\.cpp")},
    {"zlib.h", std::regex("src/disk/.*\\.cpp")},
    {"nettle/", std::regex("(src/repair|formats/core)/.*\\.cpp|src/storage/ssh_.*\\.cpp")},
    {"nlohmann/", std::regex("src/(report/json_parser|repair/(journal|plan_text))\\.cpp")},
    {"spdlog/", std::regex("src/log/log\\.cpp")},
    {"future", std::regex(".*\\.cpp")},  // a source may, a header makes a hundred sources slower to build
    {"regex", std::regex(".*\\.cpp")}};

// "src/cli/scan.cpp" -> "cli"; "formats/vmx/slot.h" -> "formats/vmx".
std::string room_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.starts_with("src/") ? folder.substr(4, folder.find('/', 4) - 4) : folder;
}

// Path and text of every source there.
std::map<std::string, std::string> sources_below(std::initializer_list<const char*> tops) {
  std::map<std::string, std::string> found;
  for (const char* top : tops) {
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(CBTCTL_SOURCE_DIR) / top)) {
      if (entry.path().extension() != ".h" && entry.path().extension() != ".cpp") continue;
      std::ifstream file(entry.path());
      found[fs::relative(entry.path(), CBTCTL_SOURCE_DIR).string()] = {std::istreambuf_iterator<char>(file), {}};
    }
  }
  return found;
}

std::vector<std::string> violations(const std::string& path, const std::string& text) {
  std::vector<std::string> found;
  const std::string room = room_of(path);
  const auto rule = allowed.find(room);
  if (rule == allowed.end() && path != "src/main.cpp") found.push_back(path + ": no such room");
  const std::regex include("#include [<\"]([^>\"]+)[>\"]");
  for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
    const std::string header = (*it)[1];
    const bool quoted = it->str().back() == '"';
    const std::string target = fs::path(header).parent_path().string();
    if (quoted && rule != allowed.end() && target != room && !rule->second.contains(target)) {
      found.push_back(path + ": includes " + header);
    }
    for (const ThirdParty& third : third_parties) {
      if (header.starts_with(third.header) && !std::regex_match(path, third.home))
        found.push_back(path + ": includes " + header);
    }
    const bool does_io = header == "fstream" || header == "iostream" || header == "unistd.h" || header == "fcntl.h";
    if (path.starts_with("formats/") && does_io) found.push_back(path + ": does I/O with " + header);
  }
  if (path.ends_with(".h") && text.find("#pragma once") == std::string::npos)
    found.push_back(path + ": no #pragma once");
  const std::regex nobody("(util|utils|common|helper|helpers|misc|manager)\\.(h|cpp)");
  if (std::regex_match(fs::path(path).filename().string(), nobody))
    found.push_back(path + ": a name that says nothing");
  return found;
}

}  // namespace

TEST_CASE("every source keeps to the arrows of the house, and every room is lived in") {
  Rooms lived_in;
  for (const auto& [path, text] : sources_below({"formats", "src"})) {
    for (const std::string& violation : violations(path, text)) FAIL_CHECK(violation);
    if (path != "src/main.cpp") lived_in.insert(room_of(path));
  }
  Rooms planned;
  for (const auto& [room, others] : allowed) planned.insert(room);
  CHECK(lived_in == planned);
}

TEST_CASE("a planted violation of each kind is found") {
  CHECK_FALSE(violations("src/model/x.h", "#pragma once\n#include \"cli/run.h\"\n").empty());
  CHECK_FALSE(violations("src/report/x.cpp", "#include <spdlog/spdlog.h>\n").empty());
  CHECK_FALSE(violations("src/report/json.h", "#pragma once\n#include <nlohmann/json.hpp>\n").empty());
  CHECK_FALSE(violations("src/cli/x.h", "#pragma once\n#include <future>\n").empty());
  CHECK_FALSE(violations("formats/vmx/x.cpp", "#include <fstream>\n").empty());
  CHECK_FALSE(violations("src/cli/x.h", "int x;\n").empty());
  CHECK_FALSE(violations("src/cli/util.cpp", "").empty());
  CHECK_FALSE(violations("src/manager/x.cpp", "").empty());
  CHECK(violations("src/cli/x.cpp", "#include \"report/scan.h\"\n").empty());
}

TEST_CASE("main is under 40 lines") {
  std::ifstream file(fs::path(CBTCTL_SOURCE_DIR) / "src/main.cpp");
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  CHECK(lines > 0);
  CHECK(lines < 40);
}

TEST_CASE("only repair, and the verbs that carry plans out, can name a Writer") {
  const std::regex may_name_one(
      "src/(repair/.*|storage/(local_|ssh_)?writer\\.(h|cpp)|cli/"
      "(plan_places|run_plan|recover|runs|undo|purge|change|apply|history)\\.(h|cpp))");
  std::set<std::string> named;
  for (const auto& [path, text] : sources_below({"src"})) {
    if (text.find("storage/writer.h") == std::string::npos && text.find("Writer>") == std::string::npos) continue;
    INFO(path);
    CHECK(std::regex_match(path, may_name_one));
    named.insert(path);
  }
  for (const char* one : {"src/repair/tracking.h", "src/storage/local_writer.cpp"}) CHECK(named.contains(one));
}

namespace {

// Name and text of each constant `std::string_view NAME = R"sh(...)sh"` of a source.
std::map<std::string, std::string> scripts_in(const std::string& source) {
  std::map<std::string, std::string> scripts;
  for (const auto& [begin, end] : {std::pair<std::string, std::string>{" = R\"sh(", ")sh\";"}, {" = R\"(", ")\";"}}) {
    for (std::size_t at = source.find(begin); at != std::string::npos; at = source.find(begin, at + 1)) {
      const std::size_t name = source.rfind(' ', at - 1) + 1;
      scripts[source.substr(name, at - name)] = source.substr(at, source.find(end, at) - at);
    }
  }
  return scripts;
}

bool writes(const std::string& script) {
  const std::regex words(
      "(^|[ ;&|(\n])(mv|rm|rmdir|mkdir|cp|ln|chmod|chown|touch|sync|dd|tee|truncate|vmkfstools -[iKUExX])[ \n]|"
      ">>|>\"?[$]|vmsvc/(?!getallvms|get[.])|solo/|esxcli [a-z ]+ (set|add|remove)");
  return std::regex_search(script, words);
}

}  // namespace

TEST_CASE("the scripts that can change a host are a list") {
  std::set<std::string> found;
  for (const auto& [path, text] : sources_below({"src/storage", "src/host"})) {
    const auto scripts = scripts_in(text);
    INFO(path);
    CHECK(scripts.empty() == (text.find("R\"sh(") == std::string::npos && text.find(" = R\"(") == std::string::npos));
    for (const auto& [name, script] : scripts) {
      if (writes(script)) found.insert(name);
    }
  }
  CHECK(found == std::set<std::string>{"changing", "reload_script"});
}

TEST_CASE("no other room runs a text of its own on a host") {
  const std::regex running("run_records|ommands?[_.>-]*run\\(");
  Rooms running_rooms;
  for (const auto& [path, text] : sources_below({"src"})) {
    if (path.ends_with(".cpp") && std::regex_search(text, running)) running_rooms.insert(room_of(path));
  }
  CHECK(running_rooms == Rooms{"host", "storage"});
}
