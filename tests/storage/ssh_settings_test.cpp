#include "storage/ssh_settings.h"

#include "tests/support/catch.h"

using namespace cbtctl::storage;

TEST_CASE("settings are what ssh -G prints") {
  const SshSettings settings = parse_ssh_settings(
      "host esx1\nuser root\nhostname 10.0.0.1\nport 2222\nidentityfile /keys/%h\nidentityfile none\nidentitiesonly "
      "yes\n"
      "userknownhostsfile /a/known /b/known\nglobalknownhostsfile none\nhostkeyalias name\nhashknownhosts yes\n"
      "connecttimeout 5\nproxyjump first,last\nciphers x\n");
  CHECK(settings.host_name == "10.0.0.1");
  CHECK(settings.user == "root");
  CHECK(settings.port == 2222);
  CHECK(settings.identity_files == std::vector<std::string>{"/keys/10.0.0.1"});
  CHECK(settings.identities_only);
  CHECK(settings.user_known_hosts == std::vector<std::string>{"/a/known", "/b/known"});
  CHECK(settings.global_known_hosts.empty());
  CHECK(settings.host_key_alias == "name");
  CHECK(settings.hash_known_hosts);
  CHECK(settings.connect_limit_seconds == 5);
  CHECK(settings.proxy_jump == "first,last");
  CHECK(settings.proxy_command.empty());
}

TEST_CASE("algorithms are those that ssh would offer") {
  const SshSettings settings = parse_ssh_settings(
      "ciphers aes128-ctr,3des-cbc\nmacs hmac-sha1\nkexalgorithms curve25519-sha256,x\nhostkeyalgorithms ssh-rsa\n");
  CHECK(settings.algorithms.cipher == std::vector<std::string>{"aes128-ctr", "3des-cbc"});
  CHECK(settings.algorithms.mac == std::vector<std::string>{"hmac-sha1"});
  CHECK(settings.algorithms.key_exchange == std::vector<std::string>{"curve25519-sha256", "x"});
  CHECK(settings.algorithms.host_key == std::vector<std::string>{"ssh-rsa"});
  const AllowedAlgorithms usual = parse_ssh_settings("host esx1\n").algorithms;
  for (const auto& list : {usual.cipher, usual.key_exchange}) {
    for (const std::string& name : list) {
      CHECK(name.find("cbc") == std::string::npos);
      CHECK(name.find("sha1") == std::string::npos);
    }
  }
}

TEST_CASE("connecttimeout none is no limit of its own") {
  CHECK_FALSE(parse_ssh_settings("connecttimeout none\n").connect_limit_seconds);
}

TEST_CASE("a ProxyCommand has its tokens filled in") {
  SshSettings settings{.alias = "esx1", .host_name = "10.0.0.1", .port = 22, .user = "root"};
  settings.proxy_command = "nc %h %p --as %r --for %n 100%% %z";
  CHECK(*expanded_proxy_command(settings) == "nc 10.0.0.1 22 --as root --for esx1 100% %z");
}

TEST_CASE("a name that means something to a shell goes into no ProxyCommand") {
  const std::string name = GENERATE("a;b", "$(x)", "a b", "`x`", "-x", "a'b", "a\nb");
  SshSettings settings{.alias = name, .host_name = "10.0.0.1", .user = "root", .proxy_command = "nc %h %p"};
  REQUIRE_FALSE(expanded_proxy_command(settings));
}

TEST_CASE("jump hosts are ssh's own business") {
  SshSettings settings{.host_name = "::1", .port = 2222, .proxy_jump = "a@first:22,second,last"};
  CHECK(jump_command(settings, "cfg") == std::vector<std::string>{"ssh", "-F", "cfg", "-J", "a@first:22,second", "-W",
                                                                  "[::1]:2222", "--", "ssh://last"});
  settings.proxy_jump = "only";
  CHECK(jump_command(settings, "") == std::vector<std::string>{"ssh", "-W", "[::1]:2222", "--", "ssh://only"});
}
