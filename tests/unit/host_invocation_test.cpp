#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "host/builder.hpp"
#include "host/invocation.hpp"
#include "host/signing_key.hpp"

namespace penstock::host {
namespace {

using Body = std::int32_t (*)(const pst_host&, pst_cx*, const pst_prepare_in&);

const pst_host* functions = nullptr;
Body behaviour = nullptr;

std::int32_t create(const pst_host* host, pst_cx*, pst_str, void**) {
  functions = host;
  return PST_OK;
}
std::int32_t prepare(void*, pst_cx* cx, const pst_prepare_in* in) {
  return behaviour(*functions, cx, *in);
}

pst_str s(std::string_view text) { return {text.data(), text.size()}; }

Outcome run(Body body) {
  static constexpr pst_plugin plugin = {
      sizeof(pst_plugin), 1, 0, {}, create, nullptr, prepare, nullptr, nullptr, nullptr};
  behaviour = body;
  const auto instance = *Instance::create(plugin, *Egress::parse({"https://api.example"}));
  const Connection connection{"acme", {{"token", Secret("t0ken"), true}}};
  const std::vector<Field> none;
  const Headers no_headers;
  CallInput call;
  call.options = call.query = &none;
  call.headers = &no_headers;
  return instance->prepare({}, connection, nullptr, call);
}

struct Refusal {
  const char* name;
  Body body;
  const char* message;
};

class Refuses : public testing::TestWithParam<Refusal> {};

TEST_P(Refuses, and_fails_the_invocation_whatever_the_plugin_returns) {
  const Outcome outcome = run(GetParam().body);
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.failure.kind, PST_E_INTERNAL);
  EXPECT_NE(outcome.failure.message.find(GetParam().message), std::string::npos)
      << outcome.failure.message;
}

using Host = const pst_host&;
using In = const pst_prepare_in&;
INSTANTIATE_TEST_SUITE_P(
    Host, Refuses,
    testing::Values(
        Refusal{"header_injection",
                [](Host h, pst_cx* c, In) {
                  h.set_header(c, s("X-A"), s("a\r\nX-B: b"));
                  return std::int32_t{PST_OK};
                },
                "control character"},
        Refusal{"header_name",
                [](Host h, pst_cx* c, In) {
                  h.set_header(c, s("X A"), s("a"));
                  return std::int32_t{PST_OK};
                },
                "token"},
        Refusal{"framing",
                [](Host h, pst_cx* c, In) {
                  h.set_header(c, s("Content-Length"), s("1"));
                  return std::int32_t{PST_OK};
                },
                "engine's"},
        Refusal{"host",
                [](Host h, pst_cx* c, In) {
                  h.set_header(c, s("host"), s("evil.example"));
                  return std::int32_t{PST_OK};
                },
                "engine's"},
        Refusal{"foreign_url",
                [](Host h, pst_cx* c, In) {
                  h.set_url(c, s("https://evil.example/"));
                  return std::int32_t{PST_OK};
                },
                "egress"},
        Refusal{"plain_http",
                [](Host h, pst_cx* c, In) {
                  h.set_url(c, s("http://api.example/"));
                  return std::int32_t{PST_OK};
                },
                "refused"},
        Refusal{"method",
                [](Host h, pst_cx* c, In) {
                  h.set_method(c, s("CONNECT"));
                  return std::int32_t{PST_OK};
                },
                "method"},
        Refusal{"unknown_credential",
                [](Host h, pst_cx* c, In) {
                  h.put_credential(c, s("other"), s("x"));
                  return std::int32_t{PST_OK};
                },
                "credential"},
        Refusal{"hmac_with_md5",
                [](Host h, pst_cx* c, In) {
                  pst_str out{};
                  h.hmac(c, s("md5"), s("key"), s("data"), &out);
                  return std::int32_t{PST_OK};
                },
                "an HMAC that the host does not support"},
        Refusal{"two_bodies",
                [](Host h, pst_cx* c, In) {
                  h.set_body(c, s("a"));
                  h.wrap_soap(c, s(""), s(""));
                  return std::int32_t{PST_OK};
                },
                "at once"},
        Refusal{"exception",
                [](Host, pst_cx*, In) -> std::int32_t { throw std::runtime_error("boom"); },
                "boom"},
        Refusal{"odd_exception", [](Host, pst_cx*, In) -> std::int32_t { throw 7; }, "exception"},
        Refusal{"unknown_verdict", [](Host, pst_cx*, In) { return std::int32_t{77}; },
                "without a reason"},
        Refusal{"foreign_verdict", [](Host, pst_cx*, In) { return std::int32_t{PST_FETCH}; },
                "cannot return"}),
    [](const auto& one) { return one.param.name; });

TEST(Helpers, find_values_in_json_and_xml) {
  const Outcome outcome = run([](Host h, pst_cx* c, In) {
    const auto json = [&](const char* doc, const char* pointer) {
      pst_str out{};
      h.json_get(c, s(doc), s(pointer), &out);
      h.note(c, s(pointer), out);
    };
    json(R"({"a":{"b/c":["x",12,true,null,{"d":1.5}]}})", "/a/b~1c/0");
    json(R"({"a":{"b/c":["x",12,true,null,{"d":1.5}]}})", "/a/b~1c/1");
    json(R"({"a":[{"d":1.5}]})", "/a/0");
    json("not json", "/x");
    const auto xml = [&](const char* doc, const char* path) {
      pst_str out{};
      h.xml_get(c, s(doc), s(path), &out);
      h.note(c, s(path), out);
    };
    xml("<e:Envelope "
        "xmlns:e='u'><e:Body><e:Fault><faultcode>a&amp;b</faultcode></e:Fault></e:Body></"
        "e:Envelope>",
        "Envelope/Body/Fault/faultcode");
    xml("<a><b><c>no</c></b><c>yes</c></a>", "a/c");
    xml("<!DOCTYPE a [<!ENTITY x 'boom'>]><a><c>&x;</c></a>", "a/c");
    return std::int32_t{PST_OK};
  });
  const std::vector<std::string> expected = {"x", "12", R"({"d":1.5})", "", "a&b", "yes", ""};
  ASSERT_EQ(outcome.notes.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(outcome.notes[i].value, expected[i]) << outcome.notes[i].name;
}

using Key = std::unique_ptr<EVP_PKEY, SigningKeyFree>;

std::string pem_of(EVP_PKEY& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

/// The DER form that OpenSSL verifies, of the R and S of RFC 7518 section 3.4.
std::string der_of(std::string_view signature) {
  const auto half = [&](std::size_t at) {
    return BN_bin2bn(reinterpret_cast<const unsigned char*>(signature.data()) + at, 32, nullptr);
  };
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parts(ECDSA_SIG_new(),
                                                                    ECDSA_SIG_free);
  ECDSA_SIG_set0(parts.get(), half(0), half(32));
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(parts.get(), nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(parts.get(), &out);
  return der;
}

bool verifies(EVP_PKEY& key, bool pss, std::string_view signature, std::string_view data) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  EVP_DigestVerifyInit(context.get(), &options, EVP_sha256(), nullptr, &key);
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, 32);
  }
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(data.data()),
                          data.size()) == 1;
}

TEST(Signatures, AreThoseOfJwsAndOpenSslVerifiesThem) {
  const Key rsa(EVP_RSA_gen(2048)), ec(EVP_EC_gen("P-256"));
  const struct {
    const char* name;
    EVP_PKEY& key;
    std::size_t size;
  } cases[] = {{"RS256", *rsa, 256}, {"PS256", *rsa, 256}, {"ES256", *ec, 64}};
  for (const auto& [name, key, size] : cases) {
    const SignatureAlgorithm algorithm = *signature_algorithm(name);
    const auto read = read_signing_key(pem_of(key), algorithm);
    ASSERT_TRUE(read) << name << " " << read.error();
    // R and S are shorter than 32 bytes once in 128 signatures.
    for (int round = 0; round < (size == 64 ? 500 : 1); ++round) {
      const std::string data = "signed " + std::to_string(round);
      const auto signature = make_signature(**read, algorithm, data);
      ASSERT_TRUE(signature) << name;
      ASSERT_EQ(signature->size(), size) << name;
      const std::string form = size == 64 ? der_of(*signature) : *signature;
      EXPECT_TRUE(verifies(key, algorithm == SignatureAlgorithm::ps256, form, data)) << name;
      EXPECT_FALSE(verifies(key, algorithm == SignatureAlgorithm::ps256, form, data + "!")) << name;
    }
  }
  EXPECT_FALSE(signature_algorithm("HS256"));
}

TEST(Signatures, WantAKeyOfTheirKind) {
  const std::string rsa = pem_of(*Key(EVP_RSA_gen(2048))), weak = pem_of(*Key(EVP_RSA_gen(1024))),
                    ec = pem_of(*Key(EVP_EC_gen("P-256"))),
                    p384 = pem_of(*Key(EVP_EC_gen("P-384")));
  const struct {
    const std::string& pem;
    std::optional<SignatureAlgorithm> algorithm;
    const char* says;
  } cases[] = {
      {rsa, SignatureAlgorithm::rs256, ""},
      {rsa, SignatureAlgorithm::ps256, ""},
      {ec, SignatureAlgorithm::es256, ""},
      {rsa, std::nullopt, ""},
      {ec, std::nullopt, ""},
      {ec, SignatureAlgorithm::rs256, "is an elliptic curve (EC) key; RS256 signs with an RSA key"},
      {ec, SignatureAlgorithm::ps256, "is an elliptic curve (EC) key; PS256 signs with an RSA key"},
      {rsa, SignatureAlgorithm::es256,
       "is an RSA key; ES256 signs with an EC key on the curve P-256"},
      {p384, SignatureAlgorithm::es256,
       "is an EC key on another curve than P-256, which ES256 signs with"},
      {p384, std::nullopt, "is an EC key on another curve than P-256, which ES256 signs with"},
      {weak, SignatureAlgorithm::ps256,
       "is an RSA key of 1024 bits; at least 2048 are required (openssl genrsa 2048)"},
      {weak, std::nullopt,
       "is an RSA key of 1024 bits; at least 2048 are required (openssl genrsa 2048)"},
  };
  for (const auto& [pem, algorithm, says] : cases)
    EXPECT_EQ(signing_key_problem(pem, algorithm), says);
}

TEST(Helpers, call_a_key_that_is_none_the_connections_fault) {
  const Outcome outcome = run([](Host h, pst_cx* c, In) {
    pst_str out{};
    h.sign(c, s("RS256"), s("token"), s("data"), &out);
    return std::int32_t{PST_OK};
  });
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.failure.kind, PST_E_BAD_CONNECTION);
  EXPECT_EQ(outcome.failure.message.find("t0ken"), std::string::npos);
}

TEST(Helpers, name_the_first_element_of_a_fragment) {
  const Outcome outcome = run([](Host h, pst_cx* c, In) {
    for (const char* doc :
         {"<Op xmlns='urn:a'/>", " <!-- c --><p:Op xmlns:p='urn:b' xmlns='urn:a'>", "<wd:Op/>",
          "text"}) {
      pst_str ns{}, local{};
      h.xml_root(c, s(doc), &ns, &local);
      h.note(c, local, ns);
    }
    return std::int32_t{PST_OK};
  });
  const std::vector<Field> expected = {{"Op", "urn:a"}, {"Op", "urn:b"}, {"Op", ""}, {"", ""}};
  EXPECT_EQ(outcome.notes, expected);
}

TEST(Helpers, digest_and_hmac_match_published_vectors) {
  const Outcome outcome = run([](Host h, pst_cx* c, In) {
    pst_str out{};
    h.digest(c, s("sha256"), s("abc"), &out);
    h.note(c, s("sha256"), out);
    h.hmac(c, s("sha256"), s("Jefe"), s("what do ya want for nothing?"), &out);  // RFC 4231, case 2
    h.note(c, s("hmac"), out);
    h.digest(c, s("md5"), s("abc"), &out);  // RFC 1321, appendix A.5
    h.note(c, s("md5"), out);
    return std::int32_t{PST_OK};
  });
  const auto hex = [](const std::string& bytes) {
    std::string text;
    for (const unsigned char byte : bytes) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", byte);
      text += two;
    }
    return text;
  };
  EXPECT_EQ(hex(outcome.notes.at(0).value),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(outcome.notes.at(1).value),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(outcome.notes.at(2).value), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(ComposeBody, puts_an_envelope_round_the_callers_bytes) {
  Outcome outcome;
  outcome.soap = Outcome::Soap{R"( xmlns:wd="urn:com.workday/bsvc")", "<h/>"};
  outcome.body_prefix = "<op>";
  outcome.body_suffix = "</op>";
  EXPECT_EQ(*build_body(outcome, "<a>\r\n &#x20;</a>"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
            "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/"
            "envelope/\" "
            "xmlns:wd=\"urn:com.workday/bsvc\"><soapenv:Header><h/></"
            "soapenv:Header><soapenv:Body><op><a>\r\n "
            "&#x20;</a></op></soapenv:Body></soapenv:Envelope>");
  EXPECT_EQ(build_body({}, std::nullopt), std::nullopt);
  EXPECT_EQ(*build_body({}, "as it is"), "as it is");
}

std::int32_t adds_more_than_there_is(void*, pst_cx* cx, const pst_prepare_in*) {
  // No std::string can be that long: it throws before a byte is read.
  host_functions().add_query(cx, {"name", 4}, {"", SIZE_MAX / 2});
  return PST_OK;
}

/// The plugin ignores the result, as it may: a call without what it could not add is not sent.
TEST(Builder, fails_the_invocation_when_the_host_itself_fails) {
  const pst_plugin entry = {
      sizeof(pst_plugin),
      PST_ABI_MAJOR,
      PST_ABI_MINOR,
      {"{}", 2},
      [](const pst_host*, pst_cx*, pst_str, void**) -> std::int32_t { return PST_OK; },
      nullptr,
      adds_more_than_there_is,
      nullptr,
      nullptr,
      nullptr};
  const auto instance = Instance::create(entry, *Egress::parse({"https://a.example"}));
  ASSERT_TRUE(instance);
  const Outcome outcome = (*instance)->prepare({}, {}, nullptr, {});
  EXPECT_EQ(outcome.verdict, Verdict::failed);
  EXPECT_EQ(outcome.failure.kind, PST_E_INTERNAL);
  EXPECT_NE(outcome.failure.message.find("memory"), std::string::npos) << outcome.failure.message;
}

TEST(LogLimit, LetsTenLinesASecondThroughAndCountsTheRest) {
  LogLimit limit;
  for (int line = 0; line < 10; ++line)
    EXPECT_EQ(limit.admit(5000), 0U);
  for (int line = 0; line < 7; ++line)
    EXPECT_EQ(limit.admit(5999), std::nullopt);
  EXPECT_EQ(limit.admit(6000), 7U);
  EXPECT_EQ(limit.admit(6000), 0U);
}

}  // namespace
}  // namespace penstock::host
