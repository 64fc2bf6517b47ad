// What tools/bench ssh cannot time from outside: ranges and whole files read over one connection by storage's own
// reader, and the same by libssh2's SFTP calls, one at a time, as is a small inventory. The login is not counted.
//
// usage: ssh_reads ours CONFIG HOST scattered|bulk|alone FILE COUNT
//        ssh_reads libssh2 PORT KEY scattered|inventory PATH COUNT
// COUNT: ranges of 64 KiB, files' MiB, folders. `alone` is bulk over one connection. Prints seconds, then bytes.
#include <arpa/inet.h>
#include <libssh2.h>
#include <libssh2_sftp.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "formats/core/read_ahead.h"
#include "storage/ssh_reader.h"

namespace {

using formats::core::ByteRange;

constexpr std::size_t range_bytes = 64 * 1024;
constexpr std::size_t bulk_bytes = 1024 * 1024;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "ssh_reads: %s\n", why.c_str());
  std::exit(1);
}

void report(const std::function<std::uint64_t()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  const std::uint64_t bytes = work();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%.6f %llu\n", seconds.count(), static_cast<unsigned long long>(bytes));
}

// The same for both readers.
std::vector<ByteRange> scattered(std::uint64_t size_bytes, std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<ByteRange> ranges;
  for (std::size_t i = 0; i < count; ++i)
    ranges.push_back({random() % (size_bytes / range_bytes) * range_bytes, range_bytes});
  return ranges;
}

void read_ours(const std::string& config, const std::string& host, const std::string& what, const std::string& path,
               std::size_t count) {
  cbtctl::storage::SshOptions options;
  options.config_file = config;
  options.transport = cbtctl::storage::SshTransport::sftp;
  if (what == "alone") options.second_line_from_bytes = UINT64_MAX;
  const auto place =
      cbtctl::storage::open_ssh({.is_ssh = true, .user = {}, .host = host, .port = {}, .path = "/"}, options);
  if (!place) stop(place.error().message);
  const auto file = place->reader->open(path.substr(1));
  if (!file) stop(file.error().message);
  std::vector<ByteRange> ranges;
  if (what == "scattered") ranges = scattered((*file)->size_bytes(), count);
  for (std::size_t i = 0; what != "scattered" && i < count; ++i) ranges.push_back({i * bulk_bytes, bulk_bytes});
  report([&] {
    if (what == "scattered") formats::core::expect(**file, ranges);
    std::vector<std::byte> buffer(bulk_bytes);
    std::uint64_t bytes = 0;
    for (const ByteRange& range : ranges) {
      const auto read =
          (*file)->read_at(range.offset_bytes, std::span(buffer).first(static_cast<std::size_t>(range.length_bytes)));
      if (!read) stop(read.error().message);
      bytes += *read;
    }
    return bytes;
  });
}

// libssh2's blocking calls.
class Peer {
 public:
  Peer(int port, const std::string& key) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) stop("no connection");
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    session_ = libssh2_session_init();
    for (const int method : {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC})
      libssh2_session_method_pref(session_, method, "aes128-ctr");
    for (const int method : {LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC})
      libssh2_session_method_pref(session_, method, "hmac-sha2-256");
    if (libssh2_session_handshake(session_, socket) != 0 ||
        libssh2_userauth_publickey_fromfile(session_, "root", nullptr, key.c_str(), nullptr) != 0)
      stop("no login");
    sftp_ = libssh2_sftp_init(session_);
    if (sftp_ == nullptr) stop("no SFTP");
  }

  std::uint64_t scattered_reads(const std::string& path, std::size_t count) {
    LIBSSH2_SFTP_HANDLE* file = open(path);
    LIBSSH2_SFTP_ATTRIBUTES status{};
    libssh2_sftp_fstat(file, &status);
    std::uint64_t bytes = 0;
    for (const ByteRange& range : scattered(status.filesize, count)) {
      libssh2_sftp_seek64(file, range.offset_bytes);
      bytes += read(file, range_bytes);
    }
    libssh2_sftp_close(file);
    return bytes;
  }

  // Lists the first folders of `root` and reads of each what an inventory needs.
  std::uint64_t inventory(const std::string& root, std::size_t count) {
    std::uint64_t bytes = 0;
    std::size_t folders = 0;
    for (const std::string& name : names_in(root)) {
      if (name.starts_with('.') || folders++ == count) continue;
      const std::string folder = root + "/" + name + "/";
      for (const std::string& file : names_in(folder)) {
        const bool is_tracking = file.ends_with("-ctk.vmdk");
        const bool is_text = file.ends_with(".vmx") || file.ends_with(".vmsd") ||
                             (file.ends_with(".vmdk") && !file.ends_with("-flat.vmdk"));
        if (!is_text && !is_tracking) continue;
        LIBSSH2_SFTP_HANDLE* open_file = open(folder + file);
        bytes += read(open_file, is_tracking ? 512 : range_bytes);
        libssh2_sftp_close(open_file);
      }
      if (folders == count) break;
    }
    return bytes;
  }

 private:
  LIBSSH2_SFTP_HANDLE* open(const std::string& path) {
    LIBSSH2_SFTP_HANDLE* file = libssh2_sftp_open_ex(sftp_, path.data(), static_cast<unsigned>(path.size()),
                                                     LIBSSH2_FXF_READ, 0, LIBSSH2_SFTP_OPENFILE);
    if (file == nullptr) stop("cannot open " + path);
    return file;
  }
  std::uint64_t read(LIBSSH2_SFTP_HANDLE* file, std::size_t length) {
    std::vector<char> buffer(length);
    std::size_t done = 0;
    while (done < length) {
      const ssize_t count = libssh2_sftp_read(file, buffer.data() + done, length - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }
  std::vector<std::string> names_in(const std::string& folder) {
    LIBSSH2_SFTP_HANDLE* open_folder =
        libssh2_sftp_open_ex(sftp_, folder.data(), static_cast<unsigned>(folder.size()), 0, 0, LIBSSH2_SFTP_OPENDIR);
    if (open_folder == nullptr) stop("cannot list " + folder);
    std::vector<std::string> names;
    char name[512];
    LIBSSH2_SFTP_ATTRIBUTES status{};
    while (libssh2_sftp_readdir(open_folder, name, sizeof name, &status) > 0) names.emplace_back(name);
    libssh2_sftp_closedir(open_folder);
    return names;
  }

  LIBSSH2_SESSION* session_ = nullptr;
  LIBSSH2_SFTP* sftp_ = nullptr;
};

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> given(words + 1, words + count);
  if (given.size() != 6) stop("see its source for the usage");
  const std::size_t number = std::stoul(given[5]);
  if (given[0] == "ours") {
    read_ours(given[1], given[2], given[3], given[4], number);
    return 0;
  }
  libssh2_init(0);
  Peer peer(std::stoi(given[1]), given[2]);
  report([&] {
    return given[3] == "scattered" ? peer.scattered_reads(given[4], number) : peer.inventory(given[4], number);
  });
  return 0;
}
