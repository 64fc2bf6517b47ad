// The only file that knows Boost.Program_options.
#include "cli/options.h"

#include <boost/program_options.hpp>
#include <sstream>

namespace cbtctl::cli {
namespace {

namespace po = boost::program_options;
using Kind = Option::Kind;

template <typename T>
po::typed_value<T>* value_of(const Option& option) {
  po::typed_value<T>* value = po::value<T>();
  const T* given = std::get_if<T>(&option.default_value);
  return given != nullptr ? value->default_value(*given) : value;
}

// Precondition: no flag.
const po::value_semantic* semantic_of(const Option& option) {
  switch (option.kind) {
    case Kind::flag:
    case Kind::text:
      return value_of<std::string>(option);
    case Kind::texts:
      return po::value<std::vector<std::string>>()->composing();
    case Kind::number:
      return value_of<unsigned>(option);
    case Kind::size:
      return value_of<std::size_t>(option);
    case Kind::integer:
      break;
  }
  return value_of<int>(option);
}

po::options_description described(const Options& options) {
  po::options_description made(options.title());
  for (const Option& option : options.all()) {
    if (option.kind == Kind::flag)
      made.add_options()(option.name.c_str(), option.description.c_str());
    else
      made.add_options()(option.name.c_str(), semantic_of(option), option.description.c_str());
  }
  return made;
}

OptionValue value_in(const po::variable_value& found, Kind kind) {
  switch (kind) {
    case Kind::flag:
      break;
    case Kind::text:
      return found.as<std::string>();
    case Kind::texts:
      return found.as<std::vector<std::string>>();
    case Kind::number:
      return found.as<unsigned>();
    case Kind::size:
      return found.as<std::size_t>();
    case Kind::integer:
      return found.as<int>();
  }
  return {};
}

po::variables_map parsed(const std::vector<std::string>& arguments, const Options& own, const Options& common) {
  po::options_description all;
  all.add(described(own)).add(described(common)).add_options()("argument", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("argument", -1);
  namespace style = po::command_line_style;
  po::variables_map values;
  po::store(po::command_line_parser(arguments)
                .options(all)
                .positional(positional)
                .style(style::unix_style & ~style::allow_guessing)
                .run(),
            values);
  po::notify(values);
  return values;
}

}  // namespace

void Options::flag(std::string name, std::string description) {
  all_.push_back({std::move(name), Kind::flag, std::move(description), {}});
}

void Options::text(std::string name, std::string description, std::optional<std::string> default_value) {
  const OptionValue value = default_value ? OptionValue(*default_value) : OptionValue();
  all_.push_back({std::move(name), Kind::text, std::move(description), value});
}

void Options::texts(std::string name, std::string description) {
  all_.push_back({std::move(name), Kind::texts, std::move(description), {}});
}

void Options::number(std::string name, std::string description, std::optional<unsigned> default_value) {
  const OptionValue value = default_value ? OptionValue(*default_value) : OptionValue();
  all_.push_back({std::move(name), Kind::number, std::move(description), value});
}

void Options::size(std::string name, std::string description, std::size_t default_value) {
  all_.push_back({std::move(name), Kind::size, std::move(description), default_value});
}

void Options::integer(std::string name, std::string description) {
  all_.push_back({std::move(name), Kind::integer, std::move(description), {}});
}

std::vector<std::string> OptionValues::list(const std::string& name) const {
  return has(name) ? get<std::vector<std::string>>(name) : std::vector<std::string>{};
}

formats::core::Result<OptionValues> parse_options(const std::vector<std::string>& arguments, const Options& own,
                                                  const Options& common) {
  try {
    const po::variables_map found = parsed(arguments, own, common);
    OptionValues values;
    if (found.count("argument") != 0) values.set("argument", found["argument"].as<std::vector<std::string>>());
    for (const Options* options : {&own, &common}) {
      for (const Option& option : options->all()) {
        const std::string name = option.name.substr(0, option.name.find(','));
        if (found.count(name) != 0) values.set(name, value_in(found[name], option.kind));
      }
    }
    return values;
  } catch (const po::error& error) {
    return formats::core::Error{formats::core::ErrorKind::usage, error.what()};
  }
}

std::string help_text(const Options& options) {
  std::ostringstream out;
  out << described(options);
  return out.str();
}

}  // namespace cbtctl::cli
