#include "route.hpp"
#include "server.hpp"

#include <charconv>
#include <cstdio>
#include <iostream>

namespace {

using namespace penstock::sandbox;

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 9443;
  std::string ca_file = "build/sandbox/ca.pem";
  Settings settings;
};

constexpr const char* usage =
    "usage: penstock-sandbox [--listen 127.0.0.1:9443] [--ca-file build/sandbox/ca.pem]\n"
    "                        [--token-lifetime SECONDS] [--rotate-refresh-tokens]\n"
    "                        [--refresh-grace]\n";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_address(std::string_view text, Options& options) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !read_number(text.substr(colon + 1), options.port))
    return false;
  options.address = text.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']'))
    options.address = options.address.substr(1, options.address.size() - 2);
  return !options.address.empty();
}

bool read_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    std::string_view name = argv[i];
    if (name == "--refresh-grace") {
      options.settings.refresh_grace = true;
      continue;
    }
    if (name == "--rotate-refresh-tokens") {
      options.settings.rotate_refresh_tokens = true;
      continue;
    }
    if (++i == argc) return false;
    std::string_view value = argv[i];
    int& lifetime = options.settings.token_lifetime;
    bool known = name == "--listen"           ? read_address(value, options)
                 : name == "--ca-file"        ? !(options.ca_file = value).empty()
                 : name == "--token-lifetime" ? read_number(value, lifetime) && lifetime > 0
                                              : false;
    if (!known) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && (std::string_view{argv[1]} == "--help" || std::string_view{argv[1]} == "-h")) {
    std::cout << usage;
    return 0;
  }
  Options options;
  if (!read_options(argc, argv, options)) {
    std::cerr << usage;
    return 2;
  }
  try {
    SandboxState state{options.settings};
    auto certificates = make_certificates(host_names());
    Server server{options.address, options.port, certificates, state};
    write_whole_file(options.ca_file, certificates.authority_pem);
    std::cout << "penstock-sandbox listening on " << options.address << ":" << server.port()
              << " ca=" << options.ca_file << std::endl;
    server.run(true);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "penstock-sandbox: " << error.what() << "\n";
    return 1;
  }
}
