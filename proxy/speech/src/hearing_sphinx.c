/*
 * hearing_sphinx.c
 *	  English without a network: pocketsphinx on a grammar of what can be said.  Experimental.
 *
 * Called by speech_server.c and speech_main.c.  A grammar finds one of its sentences in any
 * noise, so a second pass hears the same sound as a free row of phones: where the best
 * sentence, or one word of it, fits the sound much worse than the phones do, it was not
 * what was said, and the note counts as not understood.
 *
 * The recognizer is kept for the next note, as long as the markets are the same.
 */
#include <fcntl.h>
#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hearing.h"
#include "speech_grammar.h"
#include "speech_markets.h"

#ifndef TP_SPHINX_MODEL
#define TP_SPHINX_MODEL "/usr/share/pocketsphinx/model/en-us"
#endif

#define SEARCH "commands"

/*
 * How much worse than free phones a sentence, and its worst word, may fit: mean difference
 * of the acoustic scores a frame.  Measured over synthesized voices: see proxy/README.md.
 */
#define SENTENCE_WORST (-36.0)
#define WORD_WORST (-50.0)
/* Of the sound that the phones take for speech, so much has to be in the sentence's words. */
#define COVERED_LEAST 0.75

#define FRAMES_MOST 100 /* a second */

static struct
{
	TpSlice dictionary; /* mapped */
	TpPronunciations *known;
	TpSpeechMarkets *markets;
	TpBuffer grammar;
	ps_decoder_t *sentences;
	ps_decoder_t *phones;
	char acoustic[512];
	char noises[560];
	char phone_model[560];
} sphinx;

static const char *
model_of(const TpSpeechSettings *settings)
{
	return *settings->model == '\0' ? TP_SPHINX_MODEL : settings->model;
}

static bool
map_dictionary(const char *model)
{
	char path[560];
	struct stat facts;
	void *data;
	int file;

	snprintf(path, sizeof(path), "%s/cmudict-en-us.dict", model);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return false;
	if (fstat(file, &facts) != 0 || facts.st_size <= 0)
	{
		close(file);
		return false;
	}
	data = mmap(NULL, (size_t) facts.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	close(file);
	if (data == MAP_FAILED)
		return false;
	sphinx.dictionary = (TpSlice){ data, (size_t) facts.st_size };
	sphinx.known = tp_pronunciations_open(sphinx.dictionary);
	return true;
}

/* The free pass: narrow beams and phones without their neighbours, or it would take minutes. */
static ps_decoder_t *
open_phones(void)
{
	cmd_ln_t *config = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", sphinx.acoustic, "-allphone", sphinx.phone_model,
								   "-allphone_ci", "yes", "-beam", "1e-20", "-pbeam", "1e-20", "-lw", "2.0",
								   "-bestpath", "no", "-logfn", "/dev/null", NULL);
	ps_decoder_t *decoder = config == NULL ? NULL : ps_init(config);

	cmd_ln_free_r(config);
	return decoder;
}

/* A file in memory, for the library reads dictionaries from files alone. */
static int
memory_file(TpSlice text)
{
	int file = memfd_create("dictionary", MFD_CLOEXEC);

	if (file >= 0 && write(file, text.data, text.length) != (ssize_t) text.length)
	{
		close(file);
		file = -1;
	}
	return file;
}

static ps_decoder_t *
open_sentences(TpSlice dictionary)
{
	int file = memory_file(dictionary);
	ps_decoder_t *decoder = NULL;
	char path[64];
	cmd_ln_t *config;

	if (file < 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	config = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", sphinx.acoustic, "-dict", path, "-fdict", sphinx.noises,
						 "-beam", "1e-80", "-wbeam", "1e-60", "-pbeam", "1e-80", "-bestpath", "no", "-logfn",
						 "/dev/null", NULL);
	if (config != NULL)
		decoder = ps_init(config);
	cmd_ln_free_r(config);
	close(file);
	if (decoder != NULL && ps_set_jsgf_string(decoder, SEARCH, sphinx.grammar.data) == 0 &&
		ps_set_search(decoder, SEARCH) == 0)
		return decoder;
	if (decoder != NULL)
		ps_free(decoder);
	return NULL;
}

static const char *
sphinx_open(const TpSpeechSettings *settings)
{
	const char *model = model_of(settings);

	snprintf(sphinx.acoustic, sizeof(sphinx.acoustic), "%s/en-us", model);
	snprintf(sphinx.noises, sizeof(sphinx.noises), "%s/en-us/noisedict", model);
	snprintf(sphinx.phone_model, sizeof(sphinx.phone_model), "%s/en-us-phone.lm.bin", model);
	err_set_logfp(NULL);
	if (!map_dictionary(model))
		return "the English model is not installed (Debian: pocketsphinx-en-us)";
	sphinx.phones = open_phones();
	return sphinx.phones == NULL ? "the English model cannot be read" : NULL;
}

static void
sphinx_close(void)
{
	if (sphinx.sentences != NULL)
		ps_free(sphinx.sentences);
	if (sphinx.phones != NULL)
		ps_free(sphinx.phones);
	tp_speech_markets_free(sphinx.markets);
	tp_pronunciations_close(sphinx.known);
	tp_buffer_free(&sphinx.grammar);
	if (sphinx.dictionary.data != NULL)
		munmap((void *) (uintptr_t) sphinx.dictionary.data, sphinx.dictionary.length);
	memset(&sphinx, 0, sizeof(sphinx));
}

static TpSpeechMarkets *
markets_of(const json_t *list)
{
	TpSpeechMarkets *markets = tp_speech_markets_make();
	const json_t *each;
	size_t i;

	json_array_foreach(list, i, each)
	{
		const json_t *asset = json_object_get(each, "asset");
		const json_t *contract = json_object_get(each, "contract");

		if (json_is_string(asset))
			tp_speech_markets_add(markets, sphinx.known,
								  (TpSlice){ json_string_value(asset), json_string_length(asset) },
								  (TpSlice){ json_string_value(contract), json_string_length(contract) });
	}
	return markets;
}

/* A recognizer for these markets; the last one if they are the same. */
static bool
be_ready(const json_t *list)
{
	TpSpeechMarkets *markets = markets_of(list);
	TpBuffer dictionary = { 0 };
	TpBuffer grammar = { 0 };

	tp_speech_grammar(markets, &grammar);
	if (sphinx.sentences != NULL && grammar.length + 1 == sphinx.grammar.length &&
		memcmp(grammar.data, sphinx.grammar.data, grammar.length) == 0)
	{
		tp_speech_markets_free(markets);
		tp_buffer_free(&grammar);
		return true;
	}
	tp_buffer_add(&grammar, "", 1);
	tp_speech_markets_free(sphinx.markets);
	tp_buffer_free(&sphinx.grammar);
	sphinx.markets = markets;
	sphinx.grammar = grammar;
	if (sphinx.sentences != NULL)
		ps_free(sphinx.sentences);
	tp_pronunciations_of(sphinx.known, (TpSlice){ grammar.data, grammar.length - 1 }, &dictionary);
	sphinx.sentences = open_sentences((TpSlice){ dictionary.data, dictionary.length });
	tp_buffer_free(&dictionary);
	return sphinx.sentences != NULL;
}

bool
tp_sphinx_grammar(const TpSpeechSettings *settings, const json_t *list, TpBuffer *jsgf, TpBuffer *left_out)
{
	TpSpeechMarkets *markets;

	if (sphinx.known == NULL && !map_dictionary(model_of(settings)))
		return false;
	markets = markets_of(list);
	tp_speech_grammar(markets, jsgf);
	tp_buffer_slice(left_out, (TpSlice){ markets->left_out.data, markets->left_out.length });
	tp_speech_markets_free(markets);
	return true;
}

static void
listen(ps_decoder_t *decoder, const TpNote *note)
{
	ps_start_utt(decoder);
	ps_process_raw(decoder, note->samples, note->count, FALSE, TRUE);
	ps_end_utt(decoder);
}

/* What the free pass gives each frame: its score, and whether it is speech. */
typedef struct Frames
{
	int32_t *score;
	char *speech;
	int count;
	int spoken;
} Frames;

static void
score_frames(ps_decoder_t *decoder, Frames *frames)
{
	for (ps_seg_t *part = ps_seg_iter(decoder); part != NULL; part = ps_seg_next(part))
	{
		bool speech = strcmp(ps_seg_word(part), "SIL") != 0 && ps_seg_word(part)[0] != '+';
		int32 score = 0;
		int32 language;
		int32 back;
		int first;
		int last;

		ps_seg_prob(part, &score, &language, &back);
		ps_seg_frames(part, &first, &last);
		for (int i = first; i <= last && i < frames->count; i++)
		{
			if (i < 0)
				continue;
			frames->score[i] = score / (last - first + 1);
			frames->speech[i] = speech;
			frames->spoken += speech;
		}
	}
}

/* How a sentence fits: against the free phones, a frame. */
typedef struct Fit
{
	double mean;
	double worst; /* word */
	double covered;
	int words;
} Fit;

static void
fit_word(ps_seg_t *word, const Frames *frames, Fit *fit, double *sum, int *length, int *covered)
{
	int32 score = 0;
	int32 language;
	int32 back;
	double free_score = 0;
	int first;
	int last;
	int count;

	ps_seg_prob(word, &score, &language, &back);
	ps_seg_frames(word, &first, &last);
	count = last - first + 1;
	if (count <= 0 || first < 0)
		return;
	for (int i = first; i <= last && i < frames->count; i++)
	{
		free_score += frames->score[i];
		*covered += frames->speech[i];
	}
	*sum += score - free_score;
	*length += count;
	fit->words++;
	if ((score - free_score) / count < fit->worst)
		fit->worst = (score - free_score) / count;
}

static Fit
fit_of(ps_decoder_t *decoder, const Frames *frames)
{
	Fit fit = { 0 };
	double sum = 0;
	int length = 0;
	int covered = 0;

	for (ps_seg_t *word = ps_seg_iter(decoder); word != NULL; word = ps_seg_next(word))
	{
		char first = ps_seg_word(word)[0];

		/* Silence and noises are no words. */
		if (first != '<' && first != '[' && first != '(')
			fit_word(word, frames, &fit, &sum, &length, &covered);
	}
	if (length > 0)
		fit.mean = sum / length;
	fit.covered = frames->spoken == 0 ? 0 : (double) covered / frames->spoken;
	return fit;
}

static Fit
compare(const TpNote *note)
{
	size_t most = note->count / (TP_NOTE_RATE / FRAMES_MOST) + 2;
	Frames frames = { tp_alloc(most * sizeof(int32_t)), tp_alloc(most), (int) most, 0 };
	Fit fit;

	listen(sphinx.phones, note);
	score_frames(sphinx.phones, &frames);
	fit = fit_of(sphinx.sentences, &frames);
	free(frames.score);
	free(frames.speech);
	return fit;
}

static double
confidence_of(const Fit *fit)
{
	double sentence = 1 - fit->mean / SENTENCE_WORST;
	double word = 1 - fit->worst / WORD_WORST;
	double lesser = sentence < word ? sentence : word;

	return lesser < 0 ? 0 : lesser > 1 ? 1 : 0.5 + lesser / 2;
}

static void
sphinx_hear(const TpSpeechSettings *settings, const TpHearingOf *what, TpHearing *hearing)
{
	const char *heard;
	Fit fit;

	(void) settings;
	hearing->fault = "provider";
	if (*what->language != '\0' && strcmp(what->language, "en") != 0)
	{
		hearing->fault = "language";
		return;
	}
	if (!be_ready(what->markets))
	{
		tp_buffer_text(&hearing->why, "no recognizer can be made of the grammar");
		return;
	}
	listen(sphinx.sentences, what->note);
	heard = ps_get_hyp(sphinx.sentences, NULL);
	fit = compare(what->note);
	tp_buffer_format(&hearing->why, "fit %.1f, worst word %.1f, %.0f %% covered", fit.mean, fit.worst,
					 fit.covered * 100);
	if (heard == NULL || fit.words == 0)
		hearing->fault = ps_get_n_frames(sphinx.phones) < FRAMES_MOST / 4 ? "silence" : "not_understood";
	else if (tp_speech_aside(heard) || fit.mean < SENTENCE_WORST || fit.worst < WORD_WORST ||
			 fit.covered < COVERED_LEAST)
		hearing->fault = "not_understood";
	else
		hearing->fault = NULL;
	if (heard != NULL)
		tp_speech_written(sphinx.markets, heard, &hearing->transcript);
	hearing->confidence = hearing->fault == NULL ? confidence_of(&fit) : 0;
}

const TpProvider tp_sphinx_provider = { sphinx_hear, sphinx_open, sphinx_close, false };
