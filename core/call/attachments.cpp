#include "call/attachments.hpp"

#include <algorithm>
#include <utility>

#include <penstock/http.hpp>
#include <penstock/text.hpp>

#include "base/user_agent.hpp"
#include "call/signing.hpp"
#include "runtime/upstream_settings.hpp"

namespace penstock::call {
namespace {

constexpr int max_redirects = 3;

/// RFC 9110 section 15.4: 300, 304 and the other 3xx are not followed.
bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

class Fetch : public std::enable_shared_from_this<Fetch> {
 public:
  using Handler = std::function<void(Result<std::vector<FormPart>>)>;

  Fetch(upstream::Client& client, std::shared_ptr<const runtime::Integration> integration,
        std::vector<FormPart> form, std::chrono::steady_clock::time_point deadline,
        std::uint64_t max_bytes, Handler handler)
      : client_(client), integration_(std::move(integration)), form_(std::move(form)),
        deadline_(deadline), bytes_left_(max_bytes), handler_(std::move(handler)) {}

  void next() {
    while (at_ < form_.size() && form_[at_].data_url.empty())
      ++at_;
    if (at_ == form_.size()) return std::exchange(handler_, nullptr)(std::move(form_));
    redirects_ = 0;
    get(form_[at_].data_url);
  }

 private:
  void get(const std::string& text) {
    auto url = parse_url(text);
    if (!url) return refuse(url.error());
    const UpstreamConfig& config = integration_->upstream();
    if (url->port != 443 && !private_allowed()) return refuse("has a port other than 443");
    upstream::Request request;
    request.to = runtime::destination(*url, *integration_);
    request.to.connect_to.clear();  // connect_to is the vendor's address
    request.to.partition += "#data_url";
    request.method = "GET";
    request.target = url->target();
    request.headers = {{"Accept", "*/*"}, {"User-Agent", user_agent}};
    request.connect_timeout = runtime::connect_time_limit(config);
    request.limits = runtime::connection_limits(config);
    request.deadline = deadline_;
    request.max_response_bytes = bytes_left_;
    client_.send(std::move(request),
                 [self = shared_from_this(), url = *std::move(url)](
                     Result<upstream::Response> response) { self->got(url, std::move(response)); });
  }

  void got(const Url& from, Result<upstream::Response> response) {
    if (!response) {
      Error error = std::move(response).error();
      // The caller chooses the host and must not be able to probe which names and addresses exist
      // in this network: all failures to connect look the same.
      if (error.phase == Phase::connect && !private_allowed()) {
        error = vendor_unreachable(
            "the host has no public address that responds on port 443 with a valid certificate",
            Phase::connect, Sent::no);
        error.retryable = false;
      }
      error.sent = Sent::no;  // the call itself was not sent
      error.message = "data_url: " + error.message;
      error.details = {{pointer(), error.message}};
      return std::exchange(handler_, nullptr)(failure(std::move(error)));
    }
    const std::string_view location = response->headers.get("location").value_or("");
    if (is_redirect(response->status) && !location.empty()) {
      if (++redirects_ > max_redirects) return refuse("redirects more than three times");
      const bool absolute = location.find("://") != std::string_view::npos;
      if (!absolute && (!location.starts_with('/') || location.starts_with("//")))
        return refuse("redirects to something that is neither a URL nor a path");
      return get(absolute ? std::string(location) : from.origin() + std::string(location));
    }
    if (response->status != 200) return refuse("returned " + std::to_string(response->status));
    // Known codings have been decoded; an unknown one would be uploaded as if it were the file.
    if (!response->headers.get("content-encoding").value_or("").empty())
      return refuse("has a Content-Encoding that cannot be decoded");
    FormPart& part = form_[at_];
    const std::string_view type = response->headers.get("content-type").value_or("");
    if (part.content_type.empty() && is_media_type(type)) part.content_type = type;
    bytes_left_ -= response->body.size();
    part.content = std::move(response->body);
    part.data_url.clear();
    next();
  }

  bool private_allowed() const {
    return integration_->upstream().allow_private_addresses.value_or(false);
  }

  std::string pointer() const {
    return "/multipart_form_data/" + std::to_string(at_) + "/value/data_url";
  }

  void refuse(const std::string& why) {
    std::exchange(handler_, nullptr)(
        failure(input_invalid(pointer().substr(1) + " " + why, {{pointer(), why}})));
  }

  upstream::Client& client_;
  std::shared_ptr<const runtime::Integration> integration_;
  std::vector<FormPart> form_;
  std::chrono::steady_clock::time_point deadline_;
  std::uint64_t bytes_left_;
  Handler handler_;
  std::size_t at_ = 0;
  int redirects_ = 0;
};

}  // namespace

void fetch_attachments(upstream::Client& client,
                       std::shared_ptr<const runtime::Integration> integration,
                       std::vector<FormPart> form, std::chrono::steady_clock::time_point deadline,
                       std::uint64_t max_bytes,
                       std::function<void(Result<std::vector<FormPart>>)> handler) {
  std::make_shared<Fetch>(client, std::move(integration), std::move(form), deadline, max_bytes,
                          std::move(handler))
      ->next();
}

}  // namespace penstock::call
