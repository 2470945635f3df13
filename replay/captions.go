package replay

import "strings"

// captions are the words of a downloaded file and of the system entries in it, by language and key of the glossary. They are
// written out here, not taken from the server's texts: the file is to hold the glossary's words, wherever the server got its own.
var captions = map[string]map[string]string{
	"ru": {
		"who.visitor":           "Посетитель",
		"win.contactForm":       "Форма сбора контактов",
		"txt.title":             "Диалог с посетителем: {name}",
		"txt.project":           "Проект: {project}",
		"txt.session":           "Сеанс {i}: {start} — {end}",
		"txt.operator":          "Оператор: {name}",
		"txt.tags":              "Теги: {tags}",
		"txt.visitor":           "Посетитель",
		"txt.system":            "Система",
		"txt.you":               "Вы",
		"dialog.ended.visitor":  "Диалог с оператором завершён",
		"dialog.ended.operator": "Оператор {name} завершил диалог",
		"hours.closed":          "Работа с новыми диалогами возможна только в рабочее время",
		"form.sent":             "Форма сбора контактов успешно отправлена",
		"form.filled":           "Посетитель заполнил форму контактов. Карточка клиента обновлена",
		"dept.chosen":           "Посетитель выбрал отдел: {department}",
		"backlog.visitor":       "Сейчас все операторы заняты, ответ может задержаться. Оставьте контакты, и мы свяжемся с вами",
		"backlog.operator":      "Накопилась очередь. Ожидают ответа: {n}",
		"transfer.done":         "Оператор {from} перевёл диалог на оператора {to}",
		"operator.joined":       "К диалогу подключился оператор {name}",
		"transfer.toYou":        "Вам переведён диалог: {visitor}",
		"block.done":            "Оператор {name} заблокировал пользователя",
		"unblock.done":          "Оператор {name} разблокировал пользователя",
		"block.visitor":         "Вы не можете отправлять сообщения в этот чат",
		"hours.visitor":         "Сейчас нерабочее время. Напишите сообщение и оставьте контакты: мы ответим, когда начнём работать",
		"offline.visitor":       "Сейчас нет операторов в сети. Напишите сообщение и оставьте контакты: мы ответим, как только сможем",
		"form.title":            "Оставьте контакты",
		"form.intro":            "Заполните форму, и мы свяжемся с вами",
		"form.thanks":           "Спасибо! Мы получили ваши контакты",
		"form.pendingReplaced":  "Форма больше не активна",
		"greeting":              "Здравствуйте! Чем можем помочь?",
		"rate.ask":              "Оцените диалог с оператором",
		"rate.thanks":           "Спасибо за оценку!",
		"transfer.lost":         "Диалог больше не назначен вам",
	},
	"en": {
		"who.visitor":           "Visitor",
		"win.contactForm":       "Contact form",
		"txt.title":             "Dialog with visitor: {name}",
		"txt.project":           "Project: {project}",
		"txt.session":           "Session {i}: {start} — {end}",
		"txt.operator":          "Operator: {name}",
		"txt.tags":              "Tags: {tags}",
		"txt.visitor":           "Visitor",
		"txt.system":            "System",
		"txt.you":               "You",
		"dialog.ended.visitor":  "The dialog with the operator has ended",
		"dialog.ended.operator": "Operator {name} ended the dialog",
		"hours.closed":          "You can work with new dialogs during working hours only",
		"form.sent":             "The contact form was sent successfully",
		"form.filled":           "The visitor filled in the contact form. The client card was updated",
		"dept.chosen":           "The visitor chose a department: {department}",
		"backlog.visitor":       "All operators are busy now and the answer may be delayed. Leave your contacts and we will get in touch with you",
		"backlog.operator":      "A backlog has built up. Waiting for an answer: {n}",
		"transfer.done":         "Operator {from} transferred the dialog to operator {to}",
		"operator.joined":       "Operator {name} has joined the dialog",
		"transfer.toYou":        "A dialog was transferred to you: {visitor}",
		"block.done":            "Operator {name} blocked the user",
		"unblock.done":          "Operator {name} unblocked the user",
		"block.visitor":         "You cannot send messages to this chat",
		"hours.visitor":         "We are closed now. Write a message and leave your contacts: we will answer when we open",
		"offline.visitor":       "No operators are online now. Write a message and leave your contacts: we will answer as soon as we can",
		"form.title":            "Leave your contacts",
		"form.intro":            "Fill in the form and we will get in touch with you",
		"form.thanks":           "Thank you! We have received your contacts",
		"form.pendingReplaced":  "This form is no longer active",
		"greeting":              "Hello! How can we help you?",
		"rate.ask":              "Rate the dialog with the operator",
		"rate.thanks":           "Thank you for your rating!",
		"transfer.lost":         "This dialog is no longer assigned to you",
	},
	"kk": {
		"who.visitor":           "Келуші",
		"win.contactForm":       "Байланыс деректерін жинау нысаны",
		"txt.title":             "Келушімен диалог: {name}",
		"txt.project":           "Жоба: {project}",
		"txt.session":           "{i}-сеанс: {start} — {end}",
		"txt.operator":          "Оператор: {name}",
		"txt.tags":              "Тегтер: {tags}",
		"txt.visitor":           "Келуші",
		"txt.system":            "Жүйе",
		"txt.you":               "Сіз",
		"dialog.ended.visitor":  "Оператормен диалог аяқталды",
		"dialog.ended.operator": "Оператор {name} диалогты аяқтады",
		"hours.closed":          "Жаңа диалогтармен тек жұмыс уақытында ғана жұмыс істеуге болады",
		"form.sent":             "Байланыс деректерін жинау нысаны сәтті жіберілді",
		"form.filled":           "Келуші байланыс нысанын толтырды. Клиент карточкасы жаңартылды",
		"dept.chosen":           "Келуші бөлімді таңдады: {department}",
		"backlog.visitor":       "Қазір операторлардың бәрі бос емес, жауап кешігуі мүмкін. Байланыс деректеріңізді қалдырыңыз, біз сізбен хабарласамыз",
		"backlog.operator":      "Кезек жиналып қалды. Жауап күтіп тұрған диалогтар: {n}",
		"transfer.done":         "Оператор {from} диалогты басқа операторға ауыстырды: {to}",
		"operator.joined":       "Диалогқа оператор {name} қосылды",
		"transfer.toYou":        "Сізге диалог ауыстырылды: {visitor}",
		"block.done":            "Оператор {name} пайдаланушыны бұғаттады",
		"unblock.done":          "Оператор {name} пайдаланушыны бұғаттан шығарды",
		"block.visitor":         "Сіз бұл чатқа хабарлама жібере алмайсыз",
		"hours.visitor":         "Қазір жұмыс уақыты емес. Хабарлама жазып, байланыс деректеріңізді қалдырыңыз: жұмыс басталғанда жауап береміз",
		"offline.visitor":       "Қазір желіде оператор жоқ. Хабарлама жазып, байланыс деректеріңізді қалдырыңыз: мүмкіндігінше тез жауап береміз",
		"form.title":            "Байланыс деректеріңізді қалдырыңыз",
		"form.intro":            "Нысанды толтырыңыз, біз сізбен хабарласамыз",
		"form.thanks":           "Рақмет! Байланыс деректеріңізді алдық",
		"form.pendingReplaced":  "Бұл нысан енді белсенді емес",
		"greeting":              "Сәлеметсіз бе! Сізге қалай көмектесе аламыз?",
		"rate.ask":              "Оператормен диалогты бағалаңыз",
		"rate.thanks":           "Бағаңыз үшін рақмет!",
		"transfer.lost":         "Бұл диалог енді сізге тағайындалмаған",
	},
}

// Languages are the locale codes a file can be asked for.
var Languages = []string{"ru", "en", "kk"}

// caption gives the text of key with its parameters filled in. An unknown key shows as itself, in brackets: it then differs
// from whatever the server wrote.
func caption(lang, key string, params map[string]string) string {
	text, ok := captions[lang][key]
	if !ok {
		return "[" + key + "]"
	}
	for name, value := range params {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}
