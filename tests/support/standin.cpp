#include "tests/support/standin.h"

#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include "tests/support/catch.h"

#include "storage/ssh_settings.h"

namespace support {

using namespace cbtctl::storage;

namespace {

const std::string tool = std::string(CBTCTL_SOURCE_DIR) + "/tools/esxi-standin";

// What a command prints; its complaints go where those of the tests go.
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string output;
  char piece[4096];
  while (const std::size_t length = std::fread(piece, 1, sizeof piece, pipe)) output.append(piece, length);
  if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return output;
}

std::string value_of(const std::string& output, const std::string& name) {
  const std::string key = "\n" + name + " ";
  const std::size_t at = ("\n" + output).find(key);
  if (at == std::string::npos) throw std::runtime_error("the stand-in does not tell its " + name);
  const std::size_t begin = at + key.size() - 1;
  return output.substr(begin, output.find('\n', begin) - begin);
}

}  // namespace

Standin& Standin::instance() {
  static Standin standin;
  return standin;
}

Standin::Standin() {
  std::string name = (std::filesystem::temp_directory_path() / "cbtctl-standin-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  const std::string told = output_of(tool + " start --profile 8.0 --dir " + name + " 2>&1");
  root_ = value_of(told, "root");
  ssh_config_ = value_of(told, "ssh_config");
}

Standin::~Standin() {
  if (std::system((tool + " stop --dir " + folder_.string()).c_str()) == 0) std::filesystem::remove_all(folder_);
}

SshPlace Standin::open(const std::string& folder, SshTransport transport) const {
  SshOptions options;
  options.transport = transport;
  return open(folder, options);
}

SshPlace Standin::open(const std::string& folder, SshOptions options) const {
  options.config_file = ssh_config_;
  auto place = open_ssh({.is_ssh = true, .user = {}, .host = "esx", .port = {}, .path = folder}, options);
  if (!place) FAIL(place.error().message);
  return std::move(*place);
}

std::unique_ptr<SshHost> Standin::connect() const {
  SshOptions options;
  options.config_file = ssh_config_;
  const auto settings = ask_ssh_settings({.is_ssh = true, .user = {}, .host = "esx", .port = {}, .path = "/"},
                                         options.config_file, SshLimits::usual_connect);
  REQUIRE(settings);
  auto session = SshSession::open(*settings, options);
  REQUIRE(session);
  auto host = std::make_unique<SshHost>(std::move(*session), std::make_shared<ListingBudget>(ListingLimits()), "/",
                                        SshTransport::sftp);
  REQUIRE(host->start());
  return host;
}

}  // namespace support
