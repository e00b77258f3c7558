#pragma once

#include <string_view>

/// The demo credentials of the sandbox. None of them is secret; none opens a real vendor.
namespace penstock::sandbox::accounts {

namespace hibob {
inline constexpr std::string_view user = "SERVICE-0001", token = "hibob-sandbox-token";
inline constexpr std::string_view hire_user = "HIRE-0001", hire_token = "hire-sandbox-token";
}  // namespace hibob

namespace workday {
inline constexpr std::string_view tenant = "acme";
inline constexpr std::string_view client_id = "penstock-client";
inline constexpr std::string_view client_secret = "workday-sandbox-secret";
inline constexpr std::string_view refresh_token = "workday-sandbox-refresh";
inline constexpr std::string_view isu = "ISU_Penstock", isu_at_tenant = "ISU_Penstock@acme";
inline constexpr std::string_view password = "workday-sandbox-password";
/// The public key of demo_keys/workday_jwt.pem, registered for the client for JWT bearer.
inline constexpr std::string_view jwt_public_key = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyxpEf969stb6y19dxtkr
1qvGcgRYiCzIdwFMRH7XJt5mxm+ASNceMIUVRflnkRzMuoycROYsxUQJN6dxbcV5
spUsxJQUtaNvHD/3t76icBAoZorBGpnouq2I7TKv5ea/UAeNPOKKB0ZCgv9dSV3f
daEbytUccmWabcFUGmGyNLS0puq/U9AC/F24/Kwp+DOjavaMUkOS2YWXoXsHXi7H
8tdlXFASxre22R+7odOiXQQeCbczaes2ux+/cltqGsKo4te+BldzIswT9d1Vj86F
okArGOL95EPrX0pOPoXS2c6fDWuhED+sIWiXMOn95iOk+leZ+cd7ipL2Anf8g1xa
ZQIDAQAB
-----END PUBLIC KEY-----
)";
}  // namespace workday

namespace nmbrs {
inline constexpr std::string_view username = "penstock@acme.example";
inline constexpr std::string_view token = "nmbrs-sandbox-token", domain = "acme";
}  // namespace nmbrs

namespace taleo {
inline constexpr std::string_view username = "taleo-user", password = "taleo-sandbox-password";
}  // namespace taleo

namespace nmbrs_rest {
inline constexpr std::string_view client_id = "PartnerApp_Penstock_1";
inline constexpr std::string_view client_secret = "nmbrs-sandbox-secret";
inline constexpr std::string_view refresh_token = "nmbrs-sandbox-refresh";
inline constexpr std::string_view subscription_key = "nmbrs-sandbox-subscription";
}  // namespace nmbrs_rest

namespace taleo_business {
inline constexpr std::string_view company_code = "ACME", username = "tbe-user";
inline constexpr std::string_view password = "tbe-sandbox-password";
}  // namespace taleo_business

namespace hroffice {
inline constexpr std::string_view username = "hroffice-user";
inline constexpr std::string_view password = "hroffice-sandbox-password";
}  // namespace hroffice

}  // namespace penstock::sandbox::accounts
