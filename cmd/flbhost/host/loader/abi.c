#include "abi.h"

#include <string.h>

_Static_assert(sizeof(struct flb_config_map) == 104, "config map of Fluent Bit 5.1.1");
_Static_assert(sizeof(struct flb_plugin_proxy_def) == 48, "definition of Fluent Bit 5.1.1");
_Static_assert(offsetof(struct flb_plugin_proxy_def, event_type) == 32, "definition before 4.2.3");
_Static_assert(offsetof(struct flb_plugin_proxy_def, config_map) == 40, "definition before 5.1.1");
_Static_assert(sizeof(struct flb_api) == 72, "API of Fluent Bit 4.0.3 and later");
_Static_assert(offsetof(struct flb_plugin_input_proxy_context, proxy) == 16, "context of an input");

#define GARBAGE 0xA5

static const struct abi versions[] = {
    {.version = "1.9", .def_size = 32, .def_fill = GARBAGE, .api_size = 8},
    {.version = "3.2", .def_size = 32, .def_fill = GARBAGE, .api_size = 56, .phases = 1,
     .inputs = 1},
    {.version = "5.0", .def_size = 40, .api_size = 72, .phases = 1,
     .inputs = 1, .input_contexts = 1, .input_failures = 1},
    {.version = "5.1", .def_size = 48, .api_size = 72, .phases = 1, .milliseconds = 1,
     .inputs = 1, .input_contexts = 1, .input_failures = 1},
};

const struct abi *abi;

int abi_select(const char *version)
{
    size_t i;

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strcmp(versions[i].version, version) == 0) {
            abi = &versions[i];
            return 0;
        }
    }
    return -1;
}
