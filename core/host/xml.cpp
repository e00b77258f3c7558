#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "host/builder.hpp"
#include "soap/reader.hpp"

namespace penstock::host {

std::int32_t xml_get(pst_cx* cx, pst_str doc, pst_str local_path, pst_str* out) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    std::vector<std::string> path;
    for (std::string_view rest = view(local_path); !rest.empty();) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      path.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (path.empty()) return refuse(cx, "an XML path is empty");
    return store_result(cx, soap::text_at(view(doc), std::move(path)), out);
  });
}

std::int32_t xml_root(pst_cx* cx, pst_str doc, pst_str* ns, pst_str* local) noexcept {
  return guard(cx, [&]() -> std::int32_t {
    soap::RootName root = soap::root_name(view(doc), cx->body_scope);
    const std::int32_t given = store_result(cx, std::move(root.ns), ns);
    return given == 0 ? store_result(cx, std::move(root.local), local) : given;
  });
}

}  // namespace penstock::host
