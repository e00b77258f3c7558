#include "accounts.hpp"
#include "http_text.hpp"
#include "people.hpp"
#include "soap.hpp"
#include "vendors.hpp"

#include <algorithm>
#include <array>
#include <charconv>

// Taleo Enterprise: HTTP Basic, the service as a query parameter, the operation by SOAPAction.
namespace penstock::sandbox {
namespace {

namespace account = accounts::taleo;
constexpr std::string_view find_ns = "http://www.taleo.com/ws/tee800/2009/01/find";
constexpr std::string_view management_ns =
    "http://www.taleo.com/ws/integration/toolkit/2011/05/management";
constexpr std::array<std::string_view, 2> query_namespaces{
    "http://itk.taleo.com/ws/query", "http://www.taleo.com/ws/integration/query"};
constexpr std::array<std::string_view, 3> mappings{"http://www.taleo.com/ws/tee800/2009/01",
                                                   "http://www.taleo.com/ws/art750/2006/12",
                                                   "http://www.taleo.com/ws/so800/2009/01"};
constexpr std::array<std::string_view, 5> candidate_fields{"Number", "FirstName", "LastName",
                                                           "EmailAddress", "MobilePhone"};
constexpr int candidates = 60, largest_page = 200;

template <class List>
bool holds(const List& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

Response envelope(int status, const std::string& body) {
  return text_response(status, "text/xml;charset=UTF-8",
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"" +
                           std::string{soap11} +
                           "\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
                           "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soap:Body>" +
                           body + "</soap:Body></soap:Envelope>");
}

Response fault(std::string_view code, std::string_view text, const std::string& detail = {}) {
  return envelope(500, "<soap:Fault><faultcode>soap:" + std::string{code} +
                           "</faultcode><faultstring>" + xml_text(text) + "</faultstring>" +
                           detail + "</soap:Fault>");
}

Response export_fault(std::string_view code, std::string_view message) {
  return fault("Server", "An error occurred while performing the export operation: ",
               "<detail><WebServiceFault "
               "xmlns=\"http://www.taleo.com/ws/integration/toolkit/2005/07\"><code>" +
                   xml_text(code) + "</code><message>" + xml_text(message) +
                   "</message></WebServiceFault></detail>");
}

std::string field_of(int candidate, std::string_view field) {
  const Person& person = people()[static_cast<std::size_t>(candidate + 100)];
  if (field == "Number") return std::to_string(100009662 + candidate);
  if (field == "FirstName") return person.first_name;
  if (field == "LastName") return person.last_name;
  if (field == "EmailAddress") return "candidate." + std::to_string(candidate) + "@example.com";
  return "555" + std::to_string(1000 + candidate);
}

/// Collects the `path` of every q:field below `element`, in order.
void collect_paths(const Element& element, std::vector<std::string>& paths) {
  if (holds(query_namespaces, element.ns) && element.name == "field") {
    const auto* path = element.attribute("", "path");
    paths.push_back(path ? *path : "");
  }
  for (const auto& child : element.children)
    collect_paths(child, paths);
}

/// Filters are equalities of a field and a text; each is applied independently.
bool passes(const Element& query, int candidate) {
  const Element* filterings = query.child(query.ns, "filterings");
  if (!filterings) return true;
  return std::all_of(
      filterings->children.begin(), filterings->children.end(), [&](const Element& filtering) {
        const Element* equal = filtering.child(query.ns, "equal");
        const Element* field = equal ? equal->child(query.ns, "field") : nullptr;
        const auto* path = field ? field->attribute("", "path") : nullptr;
        return path && equal->child_text(query.ns, "string") == field_of(candidate, *path);
      });
}

std::optional<int> entry(const Element& operation, std::string_view key, int otherwise, int most) {
  const Element* attributes = operation.child(find_ns, "attributes");
  for (const auto& each : attributes ? attributes->children : std::vector<Element>{}) {
    if (each.child_text(find_ns, "key") != std::string{key}) continue;
    auto text = each.child_text(find_ns, "value").value_or("");
    int number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > most)
      return std::nullopt;
    return number;
  }
  return otherwise;
}

Response find_entities(const Element& operation) {
  if (!holds(mappings, operation.child_text(find_ns, "mappingVersion").value_or("")))
    return export_fault("SystemError", "The mapping version is unknown");
  const Element* wrapper = operation.child(find_ns, "query");
  if (!wrapper || wrapper->children.empty() || wrapper->children.front().name != "query" ||
      !holds(query_namespaces, wrapper->children.front().ns))
    return export_fault("ExportBadSelectionQueryFormat", "The selection query cannot be read");
  const Element& query = wrapper->children.front();
  const auto* projected = query.attribute("", "projectedClass");
  if (!projected || *projected != "Candidate")
    return export_fault("ExportUnknownModelElementName",
                        "Unknown model element: " + (projected ? *projected : "(none)"));
  std::vector<std::string> paths;
  collect_paths(query, paths);
  for (const auto& path : paths)
    if (!holds(candidate_fields, path))
      return export_fault("ExportUnknownModelElementName", "Unknown model element: " + path);

  std::vector<std::string> shown;
  const Element* projections = query.child(query.ns, "projections");
  if (operation.name == "findPartialEntities" && projections)
    collect_paths(*projections, shown);
  else
    shown.assign(candidate_fields.begin(), candidate_fields.end());

  auto page = entry(operation, "pageindex", 1, 1'000'000);
  auto size = entry(operation, "pagingsize", largest_page, largest_page);
  if (!page || !size) return export_fault("SystemError", "The paging attributes are not valid");
  std::vector<int> found;
  for (int candidate = 0; candidate < candidates; ++candidate)
    if (passes(query, candidate)) found.push_back(candidate);

  std::string entities;
  int total = static_cast<int>(found.size());
  for (int i = std::min(total, (*page - 1) * *size); i < std::min(total, *page * *size); ++i) {
    entities += "<e:Entity xsi:type=\"e:Candidate\">";
    for (const auto& field : shown)
      entities += "<e:" + field + ">" +
                  xml_text(field_of(found[static_cast<std::size_t>(i)], field)) + "</e:" + field +
                  ">";
    entities += "</e:Entity>";
  }
  auto number = [](int value) { return "\"" + std::to_string(value) + "\""; };
  return envelope(200,
                  "<ns1:" + operation.name + "Response xmlns:ns1=\"" + std::string{find_ns} +
                      "\"><root:Entities xmlns:root=\"" + std::string{find_ns} +
                      "\" xmlns:e=\"http://www.taleo.com/ws/tee800/2009/01\" "
                      "xmlns=\"http://www.taleo.com/ws/integration/toolkit/2005/07\" pageIndex=" +
                      number(*page) + " pageCount=" + number((total + *size - 1) / *size) +
                      " pagingSize=" + number(*size) + " entityCount=" + number(total) + ">" +
                      entities + "</root:Entities></ns1:" + operation.name + "Response>");
}

/// MTOM: the document is a separate binary part that the envelope refers to.
Response message_by_key() {
  std::string document;
  for (int repeat = 0; repeat < 4; ++repeat)
    for (int byte = 0; byte < 256; ++byte)
      document += static_cast<char>(byte);
  const std::string boundary = "MIMEBoundary_penstock_0001", root = "<root.message@taleo.example>";
  auto response = text_response(
      200,
      "multipart/related; boundary=\"" + boundary + "\"; type=\"application/xop+xml\"; start=\"" +
          root + "\"; start-info=\"text/xml\"",
      "--" + boundary +
          "\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\n"
          "Content-Transfer-Encoding: binary\r\nContent-ID: " +
          root + "\r\n\r\n" + "<soap:Envelope xmlns:soap=\"" + std::string{soap11} +
          "\"><soap:Body><ns1:getMessageByKeyResponse xmlns:ns1=\"" + std::string{management_ns} +
          "\"><Document xmlns=\"http://www.taleo.com/ws/integration/toolkit/2011/05\"><Content>"
          "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" "
          "href=\"cid:document.1@taleo.example\"/></Content></Document>"
          "</ns1:getMessageByKeyResponse></soap:Body></soap:Envelope>\r\n--" +
          boundary +
          "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n"
          "Content-ID: <document.1@taleo.example>\r\n\r\n" +
          document + "\r\n--" + boundary + "--\r\n");
  response.chunked = true;
  return response;
}

Response serve(const Request& request, std::string_view service, SandboxState& state) {
  bool find = service == "FindService";
  if (!find && service != "IntegrationManagementService")
    return fault("Client", "There is no service of that name");
  auto media = parse_media_type(request.header("Content-Type"));
  if (request.method != "POST" || media.type != "text/xml")
    return fault("Client", "A SOAP 1.1 message is needed");
  auto [message, problem] = read_envelope(request.body);
  if (!message) return fault("Client", "Error reading the message: " + problem);
  if (message->ns != soap11) return fault("VersionMismatch", "A SOAP 1.1 message is needed");
  // A Security header is accepted: some clients send one in addition to Basic.
  const Element* operation = message->operation;
  auto ns = find ? find_ns : management_ns;
  bool offered =
      operation && operation->ns == ns &&
      (find ? operation->name == "findPartialEntities" || operation->name == "findEntities"
            : operation->name == "getMessageByKey");
  auto action = std::string{trimmed(request.header("SOAPAction"))};
  if (action.size() >= 2 && action.front() == '"' && action.back() == '"')
    action = action.substr(1, action.size() - 2);
  if (!offered || action != std::string{ns} + "/" + std::string{service} + "#" + operation->name)
    return fault("Client", "The given SOAPAction " + action + " does not match an operation.");
  if (!state.vendors["taleo"].admit("soap", state.now))
    return fault("Server", "The maximum number of integration threads is reached.");
  return find ? find_entities(*operation) : message_by_key();
}

}  // namespace

Response taleo(const Request& request, SandboxState& state) {
  auto target = parse_target(request.target);
  auto product = target ? match(*target, "/{}/soap") : std::nullopt;
  if (!product || !holds(std::array<std::string_view, 3>{"enterprise", "smartorg", "transition"},
                         product->front()))
    return text_response(404, "text/html", "<html><body>Not Found</body></html>");
  auto basic = basic_credentials(request.header("Authorization"));
  if (!basic || basic->first != account::username || basic->second != account::password) {
    auto response = text_response(401, "text/html", "<html><body>Unauthorized</body></html>");
    response.headers.push_back({"WWW-Authenticate", "Basic realm=\"Taleo\""});
    response.refused = true;
    return response;
  }
  auto service = only(target->query, "ServiceName").value_or("");
  auto response = serve(request, service, state);
  response.kind = service == "FindService" || service == "IntegrationManagementService"
                      ? service
                      : std::string{"other"};
  return response;
}

}  // namespace penstock::sandbox
