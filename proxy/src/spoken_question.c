/*
 * spoken_question.c
 *	  What is asked back, and what is wrong, in the three languages; see parse_command.h.
 *
 * One row a fault.  A row without a translation does not compile (TEXT takes three), nor does
 * a fault without a row (they are counted).  {} is what the fault is about; a part in brackets
 * is left out where that is not known.
 */
#include "parse_command.h"

#define TEXTS                                                                                                         \
	TEXT(TP_FAULT_SIDE, "Buy or sell? Begin with Buy or Sell.", "¿Comprar o vender? Empiece con Comprar o Vender.",   \
		 "Comprar ou vender? Comece com Comprar ou Vender.")                                                          \
	TEXT(TP_FAULT_QUANTITY, "How many lots[ of {}]? For example: Buy 100 Dec25 Wheat at 150",                         \
		 "¿Cuántos lotes[ de {}]? Por ejemplo: Comprar 100 Dic25 Trigo a 150",                                        \
		 "Quantos lotes[ de {}]? Por exemplo: Comprar 100 Dez25 Trigo a 150")                                         \
	TEXT(TP_FAULT_PRICE, "At what price[ for {}]? Add: at 150, or: at market",                                        \
		 "¿A qué precio[ para {}]? Añada: a 150, o bien: a mercado",                                                  \
		 "A que preço[ para {}]? Acrescente: a 150, ou: a mercado")                                                   \
	TEXT(TP_FAULT_CONTRACT, "Which contract[ of {}]? Add month and year, such as Dec25.",                             \
		 "¿Qué contrato[ de {}]? Añada mes y año, por ejemplo Dic25.",                                                \
		 "Qual contrato[ de {}]? Acrescente mês e ano, por exemplo Dez25.")                                           \
	TEXT(TP_FAULT_ASSET, "Of what? Name the asset, such as Wheat.", "¿De qué? Nombre el activo, por ejemplo Trigo.",  \
		 "De quê? Diga o ativo, por exemplo Trigo.")                                                                  \
	TEXT(TP_FAULT_ID, "Which order? Give its number, for example: Cancel 123",                                        \
		 "¿Qué orden? Indique su número, por ejemplo: Cancelar 123",                                                  \
		 "Qual ordem? Diga o número, por exemplo: Cancelar 123")                                                      \
	TEXT(TP_FAULT_NUMBER, "How is the number {} meant? Write 1500 or 1.5.",                                           \
		 "¿Cómo se lee el número {}? Escriba 1500 o 1,5.", "Como se lê o número {}? Escreva 1500 ou 1,5.")            \
	TEXT(TP_FAULT_NUMBERS, "Which number is the quantity and which the price? For example: 100 at 150",               \
		 "¿Qué número es la cantidad y cuál el precio? Por ejemplo: 100 a 150",                                       \
		 "Qual número é a quantidade e qual o preço? Por exemplo: 100 a 150")                                         \
	TEXT(TP_FAULT_TWO_ORDERS, "One order at a time, please: send each in a message of its own.",                      \
		 "Una orden a la vez, por favor: envíe cada una en su propio mensaje.",                                       \
		 "Uma ordem de cada vez, por favor: envie cada uma em sua própria mensagem.")                                 \
	TEXT(TP_FAULT_WORDS, "I do not understand[ \"{}\"]. For example: Buy 100 Dec25 Wheat at 150",                     \
		 "No entiendo[ «{}»]. Por ejemplo: Comprar 100 Dic25 Trigo a 150",                                            \
		 "Não entendo[ \"{}\"]. Por exemplo: Comprar 100 Dez25 Trigo a 150")                                          \
	TEXT(TP_FAULT_AMENDMENT, "Change the price or the quantity? For example: Change 123 price 149",                   \
		 "¿Cambiar el precio o la cantidad? Por ejemplo: Cambiar 123 precio 149",                                     \
		 "Mudar o preço ou a quantidade? Por exemplo: Alterar 123 preço 149")                                         \
	TEXT(TP_FAULT_ASSET_UNKNOWN, "There is no asset \"{}\". Send Market for what is listed.",                         \
		 "No hay ningún activo «{}». Envíe Mercado para ver la lista.",                                               \
		 "Não há nenhum ativo \"{}\". Envie Mercado para ver a lista.")                                               \
	TEXT(TP_FAULT_CONTRACT_PAST, "{} is over. Name a later month.", "{} ya venció. Indique un mes posterior.",        \
		 "{} já venceu. Diga um mês posterior.")                                                                      \
	TEXT(TP_FAULT_ZERO, "Quantity and price must be above zero.",                                                     \
		 "La cantidad y el precio deben ser mayores que cero.", "A quantidade e o preço devem ser maiores que zero.") \
	TEXT(TP_FAULT_NEGATIVE, "{} is negative: quantity and price must be above zero.",                                 \
		 "{} es negativo: la cantidad y el precio deben ser mayores que cero.",                                       \
		 "{} é negativo: a quantidade e o preço devem ser maiores que zero.")                                         \
	TEXT(TP_FAULT_OVERFLOW, "{} is too large or has more than 8 decimal places.",                                     \
		 "{} es demasiado grande o tiene más de 8 decimales.", "{} é grande demais ou tem mais de 8 casas decimais.") \
	TEXT(TP_FAULT_PART_OF_LOT, "{} is not a whole number of lots.", "{} no es un número entero de lotes.",            \
		 "{} não é um número inteiro de lotes.")                                                                      \
	TEXT(TP_FAULT_TOO_LONG, "That is too long. For example: Buy 100 Dec25 Wheat at 150",                              \
		 "Es demasiado largo. Por ejemplo: Comprar 100 Dic25 Trigo a 150",                                            \
		 "É longo demais. Por exemplo: Comprar 100 Dez25 Trigo a 150")

#define TEXT(fault, english, spanish, portuguese) [fault] = { english, spanish, portuguese },
static const char *const texts[TP_FAULTS][3] = { TEXTS };
#undef TEXT

#define TEXT(fault, english, spanish, portuguese) +1
_Static_assert(TEXTS == TP_FAULTS - 1, "a fault has no text");
#undef TEXT

void
tp_spoken_question(const TpSpoken *spoken, char *text, size_t size)
{
	const char *from = texts[spoken->fault][spoken->language == TP_SPANISH      ? 1
											: spoken->language == TP_PORTUGUESE ? 2
																				: 0];
	const char *about = NULL; /* what is left of it to be written */
	size_t used = 0;

	if (size == 0)
		return;
	while (from != NULL && used + 1 < size)
	{
		if (about != NULL && *about != '\0')
		{
			text[used++] = *about++;
			continue;
		}
		about = NULL;
		if (*from == '\0')
			break;
		if (*from == '[' && spoken->about[0] == '\0')
			from = strchr(from, ']') + 1;
		else if (*from == '[' || *from == ']')
			from++;
		else if (from[0] == '{' && from[1] == '}')
		{
			about = spoken->about;
			from += 2;
		}
		else
			text[used++] = *from++;
	}
	/* not in the middle of a letter */
	while (from != NULL && used > 0 && ((unsigned char) *from & 0xC0) == 0x80 &&
		   ((unsigned char) text[used - 1] & 0x80) != 0)
	{
		used--;
		if (((unsigned char) text[used] & 0xC0) == 0xC0)
			break;
	}
	text[used] = '\0';
}
