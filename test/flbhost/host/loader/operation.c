#include "operation.h"

#include "plugin.h"
#include "thread.h"

#include <signal.h>
#include <stdlib.h>

static void answer(const struct request *r, enum result result, const char *text)
{
    struct reply p;

    reply_begin(&p, r, result);
    reply_text(&p, text);
    reply_send(&p);
}

static void answer_checked(const struct request *r, enum result result, const char *damage)
{
    answer(r, damage != NULL ? RESULT_DAMAGE : result, damage);
}

static void answer_pointer(const struct request *r, const void *pointer)
{
    struct reply p;

    reply_begin(&p, r, RESULT_OK);
    reply_pointer(&p, pointer);
    reply_send(&p);
}

/* Reads every member that Fluent Bit reads, also those that the driver does not use. */
static void reply_config_map(struct reply *p, const struct flb_config_map *map)
{
    const struct flb_config_map *m;
    uint32_t n = 0;

    for (m = map; m != NULL && m->name != NULL; m++) {
        n++;
    }
    reply_number(p, n);
    for (m = map; n > 0; m++, n--) {
        reply_number(p, (uint32_t) m->type);
        reply_number(p, (uint32_t) m->flags);
        reply_text(p, m->name);
        reply_text(p, m->def_value);
        reply_text(p, m->desc);
    }
}

static void answer_loaded(const struct request *r, const struct proxy *x)
{
    struct reply p;
    int registered = x->output != NULL || x->input != NULL;

    reply_begin(&p, r, RESULT_OK);
    reply_pointer(&p, x);
    reply_number(&p, registered ? (uint32_t) x->def->type : 0);
    if (registered) {
        reply_text(&p, x->def->name);
        reply_text(&p, x->def->description);
        reply_config_map(&p, definition_size(version.def_members) == sizeof(*x->def) ? x->def->config_map : NULL);
    }
    reply_send(&p);
}

static void load(struct request *r)
{
    int hot = (int) take_number(r);
    const char *path = take_text(r);
    const char *error = NULL;
    struct proxy *x = proxy_load(path, hot, &error);

    if (x == NULL) {
        log_error("[proxy] error opening plugin %s: '%s'", path, error);
        log_error("[plugin] error loading proxy plugin: %s", path);
        answer(r, RESULT_FAILED, error);
    }
    else if (proxy_damage(x) != NULL) {
        answer(r, RESULT_DAMAGE, proxy_damage(x));
    }
    else {
        answer_loaded(r, x);
    }
}

/* A request to a section on its way to the thread that executes it. */
struct errand {
    struct request request;
    struct section *section;
};

static void errand_free(struct errand *e)
{
    request_free(&e->request);
    free(e);
}

static void flush(void *arg)
{
    struct errand *e = arg;
    struct reply p;
    const char *tag = take_text(&e->request);
    size_t len;
    const char *bytes = take_bytes(&e->request, &len);

    reply_begin(&p, &e->request, RESULT_OK);
    reply_number(&p, (uint32_t) section_flush(e->section, bytes, len, tag));
    reply_send(&p);
    errand_free(e);
}

static void run(void *arg)
{
    struct errand *e = arg;
    struct section *s = e->section;
    enum result result = RESULT_OK;
    struct reply p;

    switch (e->request.op) {
    case OP_FLUSH: /* with workers, the engine's thread only passes the chunk on */
        thread_post(section_worker(s), flush, e);
        return;
    case OP_COLLECT:
        reply_begin(&p, &e->request, RESULT_OK);
        section_collect(s, &p);
        reply_send(&p);
        errand_free(e);
        return;
    case OP_INIT:
        result = section_init(s) == 0 ? RESULT_OK : RESULT_FAILED;
        break;
    case OP_PRE_RUN:
        section_pre_run(s, (int) take_number(&e->request));
        break;
    case OP_PAUSE:
        section_pause(s);
        break;
    case OP_RESUME:
        section_resume(s);
        break;
    case OP_EXIT:
        section_exit(s, (int) take_number(&e->request));
        break;
    }
    answer_checked(&e->request, result, section_damage(s));
    if (e->request.op == OP_EXIT) {
        section_free(s);
    }
    errand_free(e);
}

static void start_on_thread(struct request *r)
{
    struct errand *e = calloc(1, sizeof(*e));
    struct section *s = take_pointer(r);
    struct thread *thread = take_pointer(r);

    if (e == NULL) {
        abort();
    }
    e->request = *r;
    e->section = s;
    thread_post(thread, run, e);
}

static void unload(struct request *r)
{
    struct proxy *x = take_pointer(r);
    const char *damage = proxy_damage(x);

    proxy_unload(x);
    answer_checked(r, RESULT_OK, damage);
}

static void run_on_main(struct request *r)
{
    int level;

    switch (r->op) {
    case OP_LOAD:
        load(r);
        return;
    case OP_UNLOAD:
        unload(r);
        return;
    case OP_THREAD:
        answer_pointer(r, thread_start(take_text(r)));
        return;
    case OP_CREATE:
        answer_pointer(r, section_new(*r));
        r->frame = NULL; /* the section has it now */
        return;
    case OP_JOIN:
        thread_join(take_pointer(r));
        break;
    case OP_DESTROY:
        section_free(take_pointer(r));
        break;
    case OP_HANG_UP:
        raise(SIGHUP);
        break;
    case OP_LOG: /* lines of the driver and of the plugins share this way, which keeps their order */
        level = (int) take_number(r);
        log_print(level, NULL, 0, "%s", take_text(r));
        break;
    }
    answer(r, RESULT_OK, NULL);
}

void operation_start(struct request *r)
{
    if (r->op > OP_QUIT) {
        start_on_thread(r);
    }
    else {
        run_on_main(r);
        request_free(r);
    }
}
